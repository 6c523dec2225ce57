//! Who changed what.

use std::fmt::{self, Formatter};

use super::super::text::{Escaped, Time};
use super::{View, end_table, table};

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    if view.audit.is_empty() {
        let none = say("Nothing was changed yet.", "Henüz bir değişiklik yok.");
        return write!(f, "<p class=\"quiet\">{none}</p>");
    }
    let columns = [say("when", "zaman"), say("what", "ne"), say("how", "nasıl")];
    table(f, say("Audit trail", "Denetim izi"), &columns)?;
    for entry in view.audit {
        let (when, what) = (Time(&entry.timestamp), Escaped(&entry.event_type));
        write!(f, "<tr><td>{when}<th scope=\"row\">{what}<td>")?;
        for (name, value) in entry.data.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            write!(f, "{} {} ", Escaped(name), Escaped(&value))?;
        }
        f.write_str("</tr>\n")?;
    }
    end_table(f)
}
