//! Functions of the samples of one moment.

use std::borrow::Cow;

use super::plan::{Change, Part};
use super::vector::Element;

/// Gives the function that a name stands for, of those that look at each value alone.
pub(super) fn of_value(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "sqrt" => f64::sqrt,
        "exp" => f64::exp,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sgn" => sign,
        "deg" => f64::to_degrees,
        "rad" => f64::to_radians,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        _ => return None,
    })
}

fn sign(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        value
    }
}

/// Gives the part of a date that a name stands for.
pub(super) fn part(name: &str) -> Option<Part> {
    Some(match name {
        "day_of_month" => Part::DayOfMonth,
        "day_of_week" => Part::DayOfWeek,
        "day_of_year" => Part::DayOfYear,
        "days_in_month" => Part::DaysInMonth,
        "hour" => Part::Hour,
        "minute" => Part::Minute,
        "month" => Part::Month,
        "year" => Part::Year,
        _ => return None,
    })
}

/// Applies a function to each element; `numbers` are its arguments behind the vector.
pub(super) fn change<'s>(change: Change, mut vector: Vec<Element<'s>>, numbers: &[f64]) -> Vec<Element<'s>> {
    let number = |place: usize| numbers.get(place).copied();
    if matches!(change, Change::Clamp) && number(1) < number(0) {
        return Vec::new();
    }
    for element in &mut vector {
        element.drop_name();
        let value = element.value;
        element.value = match change {
            Change::Each(function) => function(value),
            Change::Round => round(value, number(0).unwrap_or(1.0)),
            Change::Clamp => {
                greater(number(0).unwrap_or(f64::NAN), lesser(number(1).unwrap_or(f64::NAN), value))
            }
            Change::ClampMin => greater(number(0).unwrap_or(f64::NAN), value),
            Change::ClampMax => lesser(number(0).unwrap_or(f64::NAN), value),
        };
    }
    vector
}

/// Halves go up. The inverse keeps the result of `round(x, 0.1)` free of digits that nobody asked for.
fn round(value: f64, step: f64) -> f64 {
    let inverse = 1.0 / step;
    (value * inverse + 0.5).floor() / inverse
}

/// As in Go: infinity wins over NaN, NaN over numbers, and 0 is greater than -0.
fn greater(one: f64, other: f64) -> f64 {
    if one == f64::INFINITY || other == f64::INFINITY {
        f64::INFINITY
    } else if one.is_nan() || other.is_nan() {
        f64::NAN
    } else if one.total_cmp(&other).is_lt() {
        other
    } else {
        one
    }
}

fn lesser(one: f64, other: f64) -> f64 {
    -greater(-one, -other)
}

/// The number that a vector of one element holds.
pub(super) fn scalar(vector: &[Element<'_>]) -> f64 {
    match vector {
        [only] => only.value,
        _ => f64::NAN,
    }
}

/// One element, with the labels that the missing series would have had, if there is none.
pub(super) fn absent(is_present: bool, labels: &[(String, String)]) -> Vec<Element<'_>> {
    if is_present {
        return Vec::new();
    }
    let labels = labels.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value.as_str())));
    vec![Element::new(labels.collect(), 1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_of_two_is_the_one_that_go_takes() {
        let bits = |value: f64| value.to_bits();
        assert_eq!(bits(greater(-0.0, 0.0)), bits(0.0));
        assert_eq!(bits(lesser(0.0, -0.0)), bits(-0.0));
        assert_eq!(greater(f64::NAN, f64::INFINITY), f64::INFINITY);
        assert_eq!(lesser(f64::NEG_INFINITY, f64::NAN), f64::NEG_INFINITY);
        assert!(greater(1.0, f64::NAN).is_nan() && lesser(f64::NAN, f64::INFINITY).is_nan());
    }

    #[test]
    fn halves_are_rounded_up() {
        for (value, step, rounded) in [(2.5, 1.0, 3.0), (-2.5, 1.0, -2.0), (0.14, 0.1, 0.1), (7.0, 5.0, 5.0)]
        {
            assert!((round(value, step) - rounded).abs() < 1e-12, "{value} {step}");
        }
        assert!(round(1.0, 0.0).is_nan());
    }
}
