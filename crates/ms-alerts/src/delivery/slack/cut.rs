//! Ends a text that is too long where its markup is whole.

/// Keeps at most so many characters, the last of which then is an ellipsis.
pub(super) fn cut(mut text: String, most: usize) -> String {
    if text.char_indices().nth(most).is_none() {
        return text;
    }
    let end = text.char_indices().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    let kept = text.get(..end).unwrap_or_default();
    // An escape ends with its `;`, a link or a mention with its `>`.
    let open = [('&', ';'), ('<', '>')].into_iter().filter_map(|(open, close)| {
        let at = kept.rfind(open)?;
        kept.get(at..).is_some_and(|behind| !behind.contains(close)).then_some(at)
    });
    let end = open.min().unwrap_or(end);
    text.truncate(end);
    text.push('…');
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neither_an_escape_nor_a_link_is_cut_in_two() {
        let of = |text: &str, most| cut(text.to_owned(), most);
        assert_eq!(of("häuser", 6), "häuser");
        assert_eq!(of("häuser", 5), "häus…");
        assert_eq!(of("ab&amp;cd", 6), "ab…");
        assert_eq!(of("ab&amp;cd", 8), "ab&amp;…");
        assert_eq!(of("a <http://x|y> b", 10), "a …");
        assert_eq!(of("&lt;!channel&gt;", 5), "&lt;…");
        assert_eq!(of("abc", 0), "…");
    }

    proptest! {
        #[test]
        fn what_is_kept_is_a_beginning_and_short_enough(text in "[a&;<>ä]{0,40}", most in 1_usize..40) {
            let kept = cut(text.clone(), most);
            prop_assert!(kept.chars().count() <= most.max(1));
            let beginning = kept.strip_suffix('…').unwrap_or(&kept);
            prop_assert!(text.starts_with(beginning));
            prop_assert!(kept == text || kept.ends_with('…'));
        }
    }
}
