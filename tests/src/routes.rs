//! Every route of the server, as its source registers them: what is added later is probed, too.

use crate::tools::repository;

/// A path and a method that the server answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// `GET` and so on.
    pub method: &'static str,
    /// With its variables: `/api/v1/assets/{feed}/{asset}`.
    pub path: String,
}

impl Route {
    /// `METHOD path`, with its variables.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path with `value` for every variable.
    pub fn with(&self, value: &str) -> String {
        let mut path = String::new();
        let mut rest = &*self.path;
        while let Some((before, variable)) = rest.split_once('{') {
            let (_, after) = variable.split_once('}').expect("a brace closes");
            path = path + before + value;
            rest = after;
        }
        path + rest
    }

    /// Whether asking it changes nothing.
    pub fn is_safe(&self) -> bool {
        self.method == "GET"
    }
}

/// Methods as axum names their handlers.
const METHODS: [(&str, &str); 5] = [
    ("get(", "GET"),
    ("post(", "POST"),
    ("put(", "PUT"),
    ("patch(", "PATCH"),
    ("delete(", "DELETE"),
];

/// All of them, by path.
pub fn all() -> Vec<Route> {
    let path = repository().join("backend/server/src/api.rs");
    let source = std::fs::read_to_string(&path);
    let source = source.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut routes = of(&source);
    routes.sort();
    assert!(routes.len() > 40, "{} registers few routes", path.display());
    routes
}

/// Routes before `.nest(` and behind the function that adds them all are of `/api/v1`.
fn of(source: &str) -> Vec<Route> {
    let nest = source.find(".nest(\"/api/v1\"").expect("the API is nested");
    let end = source[nest..]
        .find("\n}\n")
        .map_or(source.len(), |at| nest + at);
    let mut routes = Vec::new();
    for (at, _) in source.match_indices(".route(") {
        let call = arguments(&source[at + ".route(".len()..]);
        let mut quoted = call.split('"');
        let path = quoted.nth(1).expect("a route has a path");
        let prefix = if (nest..end).contains(&at) {
            ""
        } else {
            "/api/v1"
        };
        let handlers = call.rsplit('"').next().unwrap_or_default();
        for (word, method) in METHODS {
            if is_called(handlers, word) {
                let path = format!("{prefix}{path}");
                routes.push(Route { method, path });
            }
        }
    }
    routes
}

/// The text up to the parenthesis that closes.
fn arguments(text: &str) -> &str {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}

/// Whether `word` stands alone in `text`, and not as the end of another.
fn is_called(text: &str, word: &str) -> bool {
    let before = |at: usize| text[..at].chars().next_back();
    let is_start = |c: char| !c.is_alphanumeric() && c != '_';
    text.match_indices(word)
        .any(|(at, _)| before(at).is_none_or(is_start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_every_route_is_found() {
        let source = r#"
            let v1 = Router::new().route("/a/{x}/b/{y}", get(a::widget(1)).post(a::p)).merge(p());
            Router::new().nest("/api/v1", v1).route("/ws", get(s)).route("/map/{*file}", get(m))
        }
        fn p() { Router::new()
            .route(
                "/c",
                patch(c::target).delete(c::d),
            )"#
        .replace("\n        }\n", "\n}\n");
        let names: Vec<_> = of(&source).iter().map(Route::name).collect();
        assert_eq!(
            names,
            [
                "GET /api/v1/a/{x}/b/{y}",
                "POST /api/v1/a/{x}/b/{y}",
                "GET /ws",
                "GET /map/{*file}",
                "PATCH /api/v1/c",
                "DELETE /api/v1/c",
            ]
        );
        assert_eq!(of(&source)[0].with("1"), "/api/v1/a/1/b/1");
        assert_eq!(of(&source)[3].with("{x}"), "/map/{x}");
    }
}
