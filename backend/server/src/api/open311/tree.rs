//! What an answer says, once, for JSON and for XML.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::{Map, Value};

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    /// Nothing: null in JSON, an empty element in XML.
    Nothing,
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A number without a fraction.
    Whole(u64),
    /// Yes or no.
    Flag(bool),
    /// A list: an array in JSON; in XML each of its parts is an element of this name.
    List(&'static str, Vec<Tree>),
    /// Members by name.
    Members(Vec<(&'static str, Tree)>),
}

impl Tree {
    /// A text, or nothing if there is none.
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::Nothing
        } else {
            Self::Text(text)
        }
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::from(*number),
            Self::Whole(number) => Value::from(*number),
            Self::Flag(flag) => Value::from(*flag),
            Self::List(_, parts) => parts.iter().map(Self::json).collect(),
            Self::Members(members) => {
                let members = members.iter();
                let object: Map<String, Value> = members
                    .map(|(name, part)| ((*name).to_owned(), part.json()))
                    .collect();
                Value::Object(object)
            }
        }
    }

    /// As XML, in an element called `root`.
    ///
    /// # Errors
    /// None in practice: it is written to memory.
    pub(super) fn xml(&self, root: &str) -> std::io::Result<Vec<u8>> {
        let mut writer = Writer::new(Vec::new());
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
        self.write(&mut writer, root)?;
        Ok(writer.into_inner())
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>, name: &str) -> std::io::Result<()> {
        if *self == Self::Nothing {
            return writer.write_event(Event::Empty(BytesStart::new(name)));
        }
        writer.write_event(Event::Start(BytesStart::new(name)))?;
        let text = match self {
            Self::Nothing => None,
            Self::Text(text) => Some(text.chars().filter(|c| is_xml(*c)).collect()),
            Self::Number(number) => Some(number.to_string()),
            Self::Whole(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::List(of, parts) => {
                for part in parts {
                    part.write(writer, of)?;
                }
                None
            }
            Self::Members(members) => {
                for (name, part) in members {
                    part.write(writer, name)?;
                }
                None
            }
        };
        if let Some(text) = text {
            let text: String = text;
            writer.write_event(Event::Text(BytesText::new(&text)))?;
        }
        writer.write_event(Event::End(BytesEnd::new(name)))
    }
}

/// Whether XML 1.0 can hold a character at all, escaped or not.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_xml_say_the_same() {
        let tree = Tree::List(
            "request",
            vec![Tree::Members(vec![
                ("id", Tree::text("a<b>&\"c\"\u{1}")),
                ("nothing", Tree::text("")),
                ("lat", Tree::Number(24.45)),
                ("code", Tree::Whole(404)),
                ("metadata", Tree::Flag(false)),
            ])],
        );
        let expected = json!([{
            "id": "a<b>&\"c\"\u{1}", "nothing": null, "lat": 24.45, "code": 404, "metadata": false,
        }]);
        assert_eq!(tree.json(), expected);
        let xml = String::from_utf8(tree.xml("service_requests").unwrap()).unwrap();
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><service_requests><request>\
             <id>a&lt;b&gt;&amp;&quot;c&quot;</id><nothing/><lat>24.45</lat><code>404</code>\
             <metadata>false</metadata></request></service_requests>"
        );
    }
}
