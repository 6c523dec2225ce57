//! Words of the page.

/// The language of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Turkish.
    Turkish,
}

/// What is said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    Title,
    Shifts,
    Employees,
    MeanDuration,
    NightShifts,
    Conflicts,
    ShortRests,
    LongWeeks,
    Roster,
    RosterNote,
    ConflictMark,
    RowsLeftOut,
    HeatMap,
    HeatMapNote,
    ByDepartment,
    Fairness,
    Rules,
    Rule,
    Article,
    Violations,
    Latency,
    LatencyNote,
    Hours,
    Nights,
    Weekends,
    Holidays,
    Gini,
    Least,
    Most,
    Mean,
    From,
    Departments,
    Employee,
}

impl Language {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Turkish => "tr",
        }
    }

    pub(super) fn weekdays(self) -> [&'static str; 7] {
        match self {
            Self::English => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            Self::Turkish => ["Pzt", "Sal", "Çar", "Per", "Cum", "Cmt", "Paz"],
        }
    }

    pub(super) fn say(self, word: Word) -> &'static str {
        let (english, turkish) = match word {
            Word::Title => ("Roster report", "Nöbet çizelgesi raporu"),
            Word::Shifts => ("Shifts", "Vardiya"),
            Word::Employees => ("Employees", "Çalışan"),
            Word::MeanDuration => ("Mean duration", "Ortalama süre"),
            Word::NightShifts => ("Night shifts", "Gece vardiyası"),
            Word::Conflicts => ("Conflicts", "Çakışma"),
            Word::ShortRests => ("Rests under 11 h", "11 saatten kısa dinlenme"),
            Word::LongWeeks => ("Weeks over 48 h", "48 saati aşan hafta"),
            Word::Roster => ("Roster", "Çizelge"),
            Word::RosterNote => (
                "One row an employee, one bar a shift; a hatched bar with a red frame is in conflict.",
                "Her satır bir çalışan, her çubuk bir vardiya; kırmızı çerçeveli taralı çubuk çakışıyor.",
            ),
            Word::ConflictMark => ("in conflict", "çakışıyor"),
            Word::RowsLeftOut => ("not drawn, for want of room", "yer yetmediği için çizilmedi"),
            Word::HeatMap => ("Hours at work by weekday and hour", "Haftanın gününe ve saate göre çalışma"),
            Word::HeatMapNote => ("Darker is more; the number is hours.", "Koyu olan çoktur; sayı, saattir."),
            Word::ByDepartment => ("Shifts by department", "Bölüme göre vardiya"),
            Word::Fairness => ("Spread over employees", "Çalışanlara dağılım"),
            Word::Rules => ("Working-time rules", "Çalışma süresi kuralları"),
            Word::Rule => ("Rule", "Kural"),
            Word::Article => ("Article", "Madde"),
            Word::Violations => ("Violations", "İhlal"),
            Word::Latency => ("Response times", "Yanıt süreleri"),
            Word::LatencyNote => (
                "Each step to the right leaves a tenth of the requests.",
                "Sağa her adımda isteklerin onda biri kalır.",
            ),
            Word::Hours => ("Hours", "Saat"),
            Word::Nights => ("Nights", "Gece"),
            Word::Weekends => ("Weekends", "Hafta sonu"),
            Word::Holidays => ("Public holidays", "Resmî tatil"),
            Word::Gini => ("Gini", "Gini"),
            Word::Least => ("Least", "En az"),
            Word::Most => ("Most", "En çok"),
            Word::Mean => ("Mean", "Ortalama"),
            Word::From => ("From", "Başlangıç"),
            Word::Departments => ("Departments", "Bölümler"),
            Word::Employee => ("Employee", "Çalışan"),
        };
        match self {
            Self::English => english,
            Self::Turkish => turkish,
        }
    }
}
