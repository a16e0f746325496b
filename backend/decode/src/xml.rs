//! XML as a small tree: elements of one namespace and their texts, no attributes.
//!
//! Whatever could make a short message long, or read what is not in it, is refused: a DOCTYPE, be
//! it empty, and every entity but the five that XML itself knows. So there are no external
//! entities and no entities of entities. Depth, elements and namespaces are bounded. Elements of
//! other namespaces, as a signature's, are passed over with all that is in them.
//!
//! # Source
//! Extensible Markup Language 1.0, fifth edition; Namespaces in XML 1.0, third edition.

use egret_shared::rejection::{Reason, Rejection};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, XmlVersion};
use smol_str::SmolStr;

use crate::limits::{XML_DEPTH_MAX, XML_ELEMENTS_MAX};
use crate::refuse::{beginning, refusal, shown};

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its name without the prefix.
    pub(crate) name: SmolStr,
    /// The text directly in it.
    pub(crate) text: String,
    /// The elements directly in it, in their order.
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// The elements of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the element of this name, which may be there once, without the blanks around
    /// it; empty if it is not there. `place` is this element's.
    ///
    /// # Errors
    /// [`Reason::BadShape`] with the place if it stands twice or has elements in it.
    pub(crate) fn one<'a>(&'a self, name: &'a str, place: &str) -> Result<&'a str, Rejection> {
        let mut all = self.all(name);
        let Some(found) = all.next() else {
            return Ok("");
        };
        let fault = if all.next().is_some() {
            "it stands twice"
        } else if found.children.is_empty() {
            return Ok(found.text.trim());
        } else {
            "elements in it, expected a text"
        };
        let detail = format!("{place}/{name}: {fault}");
        Err(refusal(Reason::BadShape, detail))
    }
}

/// Reads one message.
struct Builder<'a> {
    reader: NsReader<&'a [u8]>,
    text: &'a str,
    /// The namespace of what is read; absent, names have none.
    namespace: Option<&'static str>,
    version: XmlVersion,
    /// Elements that have begun and not ended.
    open: Vec<Node>,
    /// How many elements deep it is in what is passed over.
    n_foreign: usize,
    n_elements: usize,
    root: Option<Node>,
}

/// The message's outermost element, which is in this namespace; absent, in none.
///
/// # Errors
/// [`Reason::BadShape`] with line and column, or [`Reason::TooMany`].
pub(crate) fn tree(payload: &[u8], namespace: Option<&'static str>) -> Result<Node, Rejection> {
    let text = std::str::from_utf8(payload).map_err(|error| {
        let detail = format!("not UTF-8, as XML has to be here: {error}");
        refusal(Reason::BadShape, detail)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Builder {
        reader: NsReader::from_str(text),
        text,
        namespace,
        version: XmlVersion::default(),
        open: Vec::new(),
        n_foreign: 0,
        n_elements: 0,
        root: None,
    }
    .build()
}

impl Builder<'_> {
    fn build(mut self) -> Result<Node, Rejection> {
        loop {
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let byte = self.reader.error_position();
                    let said = error.to_string();
                    return Err(self.fault(byte, &format!("no XML: {}", beginning(&said, 200))));
                }
            };
            match event {
                Event::Start(start) => self.begin(&start)?,
                Event::End(_) => self.end(),
                Event::Empty(start) => {
                    self.begin(&start)?;
                    self.end();
                }
                Event::Text(text) => self.say(&text.xml_content(self.version))?,
                Event::CData(text) => self.say(&text.xml_content(self.version))?,
                Event::GeneralRef(entity) => {
                    let said = self.entity(&entity)?;
                    self.say(said.encode_utf8(&mut [0; 4]))?;
                }
                Event::DocType(_) => {
                    let what = "a DOCTYPE, which is not read: entities are not for messages";
                    return Err(self.here(what));
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        if let Some(open) = self.open.last() {
            let what = format!("no XML: <{}> is not closed", beginning(&open.name, 60));
            return Err(self.here(&what));
        }
        match self.root.take() {
            Some(root) => Ok(root),
            None => Err(self.here("no XML: no element")),
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), Rejection> {
        self.n_elements += 1;
        if self.n_elements > XML_ELEMENTS_MAX {
            let detail = format!("more than {XML_ELEMENTS_MAX} elements in one message");
            return Err(refusal(Reason::TooMany, detail));
        }
        if self.open.len() + self.n_foreign == XML_DEPTH_MAX {
            return Err(self.here(&format!("elements more than {XML_DEPTH_MAX} deep")));
        }
        if self.n_foreign > 0 {
            self.n_foreign += 1;
            return Ok(());
        }
        let (found, local) = self.reader.resolver().resolve_element(start.name());
        let is_ours = match (&found, self.namespace) {
            (ResolveResult::Bound(Namespace(found)), Some(ours)) => *found == ours,
            (ResolveResult::Unbound, None) => true,
            _ => false,
        };
        if is_ours && self.root.is_none() {
            self.open.push(Node {
                name: SmolStr::new(local.into_inner()),
                ..Node::default()
            });
            return Ok(());
        }
        if is_ours {
            return Err(self.here("no XML: an element behind the outermost"));
        }
        if self.open.is_empty() {
            let name = shown(local.into_inner());
            let found = match found {
                ResolveResult::Bound(Namespace(found)) => format!("the namespace {}", shown(found)),
                ResolveResult::Unbound => "no namespace".to_owned(),
                ResolveResult::Unknown(prefix) => format!("no namespace for {}", shown(&prefix)),
            };
            let ours = self.namespace.unwrap_or("none");
            return Err(self.here(&format!("{name} has {found}, expected {ours}")));
        }
        self.n_foreign += 1;
        Ok(())
    }

    fn end(&mut self) {
        if self.n_foreign > 0 {
            self.n_foreign -= 1;
        } else if let Some(node) = self.open.pop() {
            match self.open.last_mut() {
                Some(parent) => parent.children.push(node),
                None => self.root = Some(node),
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Rejection> {
        match self.open.last_mut() {
            Some(_) if self.n_foreign > 0 => {}
            Some(node) => node.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(self.here("no XML: text outside the outermost element")),
        }
        Ok(())
    }

    /// The character that a reference stands for: one of XML's own five, or a number's.
    fn entity(&self, entity: &BytesRef<'_>) -> Result<char, Rejection> {
        let named = match &**entity {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        };
        let numbered = || entity.resolve_char_ref().ok().flatten();
        let is_text = |c: &char| *c >= ' ' || matches!(c, '\t' | '\n' | '\r');
        named.or_else(numbered).filter(is_text).ok_or_else(|| {
            let name = shown(entity);
            self.here(&format!("the entity {name}, which is none of XML's own"))
        })
    }

    fn here(&self, what: &str) -> Rejection {
        self.fault(self.reader.buffer_position(), what)
    }

    /// A refusal that tells line and column, both from 1 on.
    fn fault(&self, byte: u64, what: &str) -> Rejection {
        let end = usize::try_from(byte).unwrap_or(usize::MAX);
        let before = beginning(self.text, end.min(self.text.len()));
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().len() + 1;
        let detail = format!("line {line}, column {column}: {what}");
        refusal(Reason::BadShape, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        tree(text.as_bytes(), None).unwrap_err().detail
    }

    #[test]
    fn an_element_has_its_text_and_its_elements() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<!-- a --><a>x &lt;&#x4e95;<![CDATA[<b>]]>\
                    <b> 1 </b><b/></a>\n";
        let root = tree(text.as_bytes(), None).unwrap();
        assert_eq!((&*root.name, &*root.text), ("a", "x <井<b>"));
        assert_eq!(root.all("b").count(), 2);
        let refused = root.one("b", "/a").unwrap_err();
        assert_eq!(refused.detail, "/a/b: it stands twice");
        assert_eq!(root.one("c", "/a"), Ok(""));
    }

    #[test]
    fn elements_of_other_namespaces_are_passed_over_and_the_outermost_must_be_ours() {
        let text =
            "<c:a xmlns:c='urn:c' xmlns='urn:other'><b>no<c:b>no</c:b></b><c:b>1</c:b></c:a>";
        let root = tree(text.as_bytes(), Some("urn:c")).unwrap();
        assert_eq!(root.one("b", "/a"), Ok("1"));
        for (text, said) in [
            (text, "\"a\" has the namespace \"urn:c\", expected urn:x"),
            ("<a/>", "\"a\" has no namespace, expected urn:x"),
            ("<x:a/>", "\"a\" has no namespace for \"x\", expected urn:x"),
        ] {
            let refused = tree(text.as_bytes(), Some("urn:x")).unwrap_err();
            assert!(refused.detail.contains(said), "{}", refused.detail);
        }
    }

    #[test]
    fn what_is_no_xml_is_refused_with_its_line_and_column() {
        for (text, said) in [
            ("", "line 1, column 1: no XML: no element"),
            ("{}", "line 1, column 3: no XML: text outside"),
            ("<a>\n<b></a>", "line 2, column 4: no XML: "),
            ("<a>\n<b>", "no XML: <b> is not closed"),
            ("<a/><b/>", "no XML: an element behind the outermost"),
            ("<a/>b", "no XML: text outside the outermost element"),
            (
                "<a>&nbsp;</a>",
                "the entity \"nbsp\", which is none of XML's own",
            ),
            ("<a>&#0;</a>", "the entity \"#0\""),
            ("<a>&#xD800;</a>", "the entity \"#xD800\""),
            ("<a>&</a>", "no XML: "),
        ] {
            let refused = fault(text);
            assert!(refused.contains(said), "{text}: {refused}");
        }
        // An overlong slash.
        let refused = tree(b"<a>\xc0\xaf</a>", None).unwrap_err();
        assert!(
            refused.detail.starts_with("not UTF-8"),
            "{}",
            refused.detail
        );
    }

    #[test]
    fn entities_of_its_own_are_no_way_out_and_no_way_up() {
        let outside = "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n<a>&e;</a>";
        let laughs = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        for text in [outside, laughs, "<!DOCTYPE a><a/>"] {
            assert!(
                fault(text).contains("a DOCTYPE, which is not read"),
                "{text}"
            );
        }
    }

    #[test]
    fn depth_elements_and_namespaces_are_bounded() {
        let deep = |n: usize| "<a>".repeat(n) + &"</a>".repeat(n);
        assert!(tree(deep(XML_DEPTH_MAX).as_bytes(), None).is_ok());
        assert!(fault(&deep(100_000)).contains("deep"));
        let foreign = format!("<a>{}</a>", "<x:b xmlns:x='u'>".repeat(100));
        assert!(fault(&foreign).contains("deep"));
        let wide = format!("<a>{}</a>", "<b/>".repeat(XML_ELEMENTS_MAX));
        let refused = tree(wide.as_bytes(), None).unwrap_err();
        assert_eq!(refused.reason, Reason::TooMany);
        let names: Vec<String> = (0..1_000).map(|n| format!("xmlns:n{n}='u'")).collect();
        assert!(fault(&format!("<a {}/>", names.join(" "))).contains("no XML: "));
    }
}
