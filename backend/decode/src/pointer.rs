//! JSON Pointers, split once when a feed's definition is read.

/// The steps of a JSON Pointer, unescaped; empty for the whole document.
///
/// # Source
/// RFC 6901. A text that neither is empty nor begins with `/` is no pointer; `egret-package`
/// refuses it, and here it leads nowhere in most documents: its first step is taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer {
    /// As it was written, for refusals.
    pub(crate) text: String,
    /// Its steps.
    pub(crate) steps: Vec<String>,
}

impl Pointer {
    /// The pointer that `text` writes.
    pub(crate) fn new(text: &str) -> Self {
        let steps = match text.strip_prefix('/') {
            None if text.is_empty() => Vec::new(),
            rest => rest.unwrap_or(text).split('/').map(unescaped).collect(),
        };
        Self {
            text: text.to_owned(),
            steps,
        }
    }
}

/// A step's own text: `~1` stands for `/`, and only then `~0` for `~`.
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The array index that a step names: digits without a leading zero.
pub(crate) fn index(step: &str) -> Option<usize> {
    let canonical = step == "0" || !step.starts_with('0');
    let digits = step.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| step.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_split_and_unescaped_as_rfc_6901_says() {
        for (text, steps) in [
            ("", vec![]),
            ("/", vec![""]),
            ("/a~1b/m~0n/0", vec!["a/b", "m~n", "0"]),
            ("/~01", vec!["~1"]),
        ] {
            assert_eq!(Pointer::new(text).steps, steps, "{text}");
        }
    }

    #[test]
    fn only_plain_digits_are_an_index() {
        assert_eq!(index("0"), Some(0));
        assert_eq!(index("12"), Some(12));
        for step in ["", "01", "-1", "+1", "1e3", "99999999999999999999"] {
            assert_eq!(index(step), None, "{step}");
        }
    }
}
