//! Timestamps. They matter only with an explicit `!!timestamp`, and for writing; otherwise they are
//! text.

/// Whether go-yaml's `parseTimestamp` accepts the text: a date, or a date and time with a zone
/// after `T`/`t` or without one after a space.
#[must_use]
pub fn is_timestamp(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(text.find(['T', 't', ' ']).unwrap_or(text.len())) else {
        return false;
    };
    let mut rest = rest.chars();
    is_date(date)
        && match rest.next() {
            None => true,
            Some(' ') => time(rest.as_str()).is_some_and(str::is_empty),
            Some(_) => time(rest.as_str()).is_some_and(is_zone),
        }
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (true, Some(year), Some(month), Some(day)) = (year.len() == 4, digits(year), short(month), short(day)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// The part after `15:4:5.999999999`.
fn time(text: &str) -> Option<&str> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, rest) = rest.split_once(':')?;
    let seconds = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (second, rest) = rest.split_at_checked(seconds)?;
    if short(hour)? > 23 || short(minute)? > 59 || short(second)? > 59 {
        return None;
    }
    match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
            (rest.len() < fraction.len()).then_some(rest)
        }
        None => Some(rest),
    }
}

fn is_zone(text: &str) -> bool {
    let Some(offset) = text.strip_prefix(['+', '-']) else {
        return text == "Z";
    };
    let Some((hours, minutes)) = offset.split_once(':') else {
        return false;
    };
    let two = |text: &str, most: u32| text.len() == 2 && digits(text).is_some_and(|number| number <= most);
    two(hours, 24) && two(minutes, 60)
}

fn short(text: &str) -> Option<u32> {
    if text.len() <= 2 { digits(text) } else { None }
}

fn digits(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}
