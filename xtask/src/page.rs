//! The page as it is served: made of `frontend/index.html`, which names every file by itself and
//! starts the whole application, so that Trunk can use it as it is.
//!
//! Ours has one style sheet in place of many, and names every file below `/~HASH/`, where HASH is
//! of the whole site: a browser keeps such a file for good and never asks for it again.

/// How one of the package's style sheets is named.
const STYLE: &str = "<link rel=\"stylesheet\" href=\"/style/";

/// The one style sheet.
pub(crate) const STYLE_FILE: &str = "style/egret.css";

/// The style sheets below `style/` that the page names, in its order.
pub(crate) fn styles(page: &str) -> Vec<&str> {
    let names = page.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix(STYLE)?;
        rest.split_once('"').map(|(name, _)| name)
    });
    names.collect()
}

/// The page for walls: it starts the wall alone.
pub(crate) fn wall(page: &str) -> String {
    let wall = page.replace("/egret.js", "/egret-wall.js");
    let wall = wall.replace("/egret_bg.wasm", "/egret-wall_bg.wasm");
    wall.replace("/js/start.mjs", "/js/start-wall.mjs")
}

/// The page with one style sheet, and everything below `/~HASH/`.
pub(crate) fn served(page: &str, hash: &str) -> String {
    let mut has_style = false;
    let mut lines = Vec::new();
    for line in page.lines() {
        if line.trim().starts_with(STYLE) {
            if !std::mem::replace(&mut has_style, true) {
                lines.push(format!(
                    "    <link rel=\"stylesheet\" href=\"/{STYLE_FILE}\" />"
                ));
            }
            continue;
        }
        lines.push(line.to_owned());
    }
    let page = lines.join("\n") + "\n";
    let page = page.replace("href=\"/", &format!("href=\"/~{hash}/"));
    page.replace("src=\"/", &format!("src=\"/~{hash}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<head>\n  <link rel=\"icon\" href=\"/a.svg\" />\n  \
        <link rel=\"stylesheet\" href=\"/style/b.css\" />\n  \
        <link rel=\"stylesheet\" href=\"/style/a.css\" />\n  \
        <script type=\"module\" src=\"/js/start.mjs\"></script>\n</head>\n";

    #[test]
    fn a_page_has_one_style_sheet_and_files_to_keep_for_good() {
        assert_eq!(styles(PAGE), ["b.css", "a.css"]);
        assert_eq!(
            served(PAGE, "1f"),
            "<head>\n  <link rel=\"icon\" href=\"/~1f/a.svg\" />\n    \
             <link rel=\"stylesheet\" href=\"/~1f/style/egret.css\" />\n  \
             <script type=\"module\" src=\"/~1f/js/start.mjs\"></script>\n</head>\n"
        );
    }
}
