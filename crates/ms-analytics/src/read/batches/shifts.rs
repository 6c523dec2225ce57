//! The columns of a roster in one batch, and its shifts.

use arrow_array::RecordBatch;

use super::values::{Expected, Time, Values};
use crate::instant::{Instant, InstantError};
use crate::read::error::ReadError;
use crate::read::ids::Ids;
use crate::read::roster::{FIELDS, given, unique};
use crate::shift::{FieldFault, Given, Limits, ShiftRef, instant, may_hold_control};

/// What a batch holds of a roster, and room for what has to be written as a text.
#[derive(Debug)]
pub(super) struct Columns<'b> {
    names: [Values<'b>; 3],
    times: [Values<'b>; 2],
    duration: Option<Values<'b>>,
    role: Option<Values<'b>>,
    texts: [String; 6],
}

impl<'b> Columns<'b> {
    pub(super) fn of(batch: &'b RecordBatch) -> Result<Self, ReadError> {
        let schema = batch.schema_ref();
        let positions = super::locate(schema.fields().iter().map(|field| field.name().as_str()))?;
        let column = |at: usize, expected| {
            let array = positions.get(at).copied().flatten().map(|position| batch.column(position));
            let values = array.map(|array| {
                Values::of(array.as_ref(), expected).map_err(|reason| {
                    let column = FIELDS.get(at).copied().unwrap_or_default().to_owned();
                    ReadError::Column { column, row_group: None, reason }
                })
            });
            values.transpose()
        };
        // `locate` saw to it that these are there.
        let name = |at| column(at, Expected::Name).map(Option::unwrap_or_default);
        let time = |at| column(at, Expected::Time).map(Option::unwrap_or_default);
        Ok(Self {
            names: [name(0)?, name(1)?, name(2)?],
            times: [time(3)?, time(4)?],
            duration: column(5, Expected::Hours)?,
            role: column(6, Expected::Name)?,
            texts: Default::default(),
        })
    }

    pub(super) fn shift(
        &mut self,
        row: usize,
        ids: &mut Ids,
        limits: &Limits,
    ) -> Result<ShiftRef<'_>, FieldFault> {
        let given = self.duration.as_mut().map_or(Given::Nothing, |values| hours(values, row));
        let [id, employee, department] = &mut self.names;
        let [start, end] = &mut self.times;
        let [id_text, employee_text, department_text, start_text, end_text, role_text] = &mut self.texts;
        let id = name("id", id, row, id_text)?;
        let employee = name("employee", employee, row, employee_text)?;
        let department = name("department", department, row, department_text)?;
        let (start, start_instant) = time("start", start, row, start_text)?;
        let (end, end_instant) = time("end", end, row, end_text)?;
        let may_hold_control =
            [id, employee, department].iter().any(|name| may_hold_control(name.as_bytes()));
        let times = || Ok((start_instant.of("start", start, limits)?, end_instant.of("end", end, limits)?));
        let texts = [id, employee, department, start, end];
        let role = match &self.role {
            Some(role) => role.text(row, role_text).map_err(|reason| FieldFault::new("role", reason))?,
            None => None,
        };
        unique(id, ids, || {
            ShiftRef::check_at(texts, may_hold_control, times, given, limits)?
                .with_role(role.unwrap_or_default())
        })
    }
}

fn name<'v>(
    field: &'static str,
    values: &'v Values<'_>,
    row: usize,
    text: &'v mut String,
) -> Result<&'v str, FieldFault> {
    match values.text(row, text) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(FieldFault::new(field, "missing")),
        Err(reason) => Err(FieldFault::new(field, reason)),
    }
}

fn hours(values: &mut Values<'_>, row: usize) -> Given {
    if let Some(hours) = values.hours(row) {
        return Given::Hours(hours);
    }
    match values.text(row, &mut String::new()) {
        Ok(None) => Given::Nothing,
        Ok(Some(text)) => given(text, false),
        Err(reason) => Given::Wrong(reason),
    }
}

/// How the instant of a text is found.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// It has to be read.
    No,
    Instant(Result<Instant, InstantError>),
    /// The place's clocks showed this.
    Local(i64),
}

impl Known {
    fn of(self, field: &'static str, text: &str, limits: &Limits) -> Result<Instant, FieldFault> {
        let found = match (self, &limits.local_times) {
            (Self::No, _) => return instant(field, text, limits),
            (Self::Instant(found), _) => found,
            (Self::Local(local), Some(local_times)) => local_times.resolve(local),
            (Self::Local(_), None) => Err(InstantError::NoOffset),
        };
        found.map_err(|fault| FieldFault::new(field, fault.to_string()))
    }
}

fn time<'v>(
    field: &'static str,
    values: &'v mut Values<'_>,
    row: usize,
    text: &'v mut String,
) -> Result<(&'v str, Known), FieldFault> {
    match values.time(row, text) {
        None => Ok((name(field, values, row, text)?, Known::No)),
        Some(Time::Missing) => Err(FieldFault::new(field, "missing")),
        Some(Time::OutOfRange) => Ok((text, Known::Instant(Err(InstantError::OutOfRange)))),
        Some(Time::At(at)) => Ok((text, Known::Instant(Ok(Instant::from_microseconds(at))))),
        Some(Time::Local(at)) => Ok((text, Known::Local(at))),
    }
}
