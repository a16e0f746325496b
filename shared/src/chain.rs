//! Errors in words.

/// An error with all that is behind it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let why = error.to_string();
        // Some errors repeat their source.
        if !said.ends_with(&why) {
            said.push_str(": ");
            said.push_str(&why);
        }
        source = error.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Told {
        said: &'static str,
        source: Option<Box<Told>>,
    }

    fn told(said: &'static str, source: Option<Told>) -> Told {
        let source = source.map(Box::new);
        Told { said, source }
    }

    #[test]
    fn what_is_behind_an_error_is_said_once() {
        let refused = told("refused", None);
        let no_tls = told("no TLS: refused", Some(refused));
        let error = told("cannot be fetched", Some(no_tls));
        assert_eq!(chain(&error), "cannot be fetched: no TLS: refused");
    }
}
