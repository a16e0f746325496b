//! Lists of alerts: Atom and RSS, whose entries link to CAP documents. Pure.
//!
//! Of an entry only its link counts, and what tells that it has changed; what the list says of the alert
//! is the alert's to say. A DOCTYPE is refused, entities other than XML's own five are, and depth and
//! entries are bounded.
//!
//! # Source
//! RFC 4287 (Atom); RSS 2.0; the lists of national weather services, which mark the link by its type.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use url::Url;

use crate::limits::{ENTRIES_MAX, INDEX_DEPTH_MAX, URL_BYTES_MAX};

/// A list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// Its entries, in its order.
    pub(crate) entries: Vec<Entry>,
    /// How many more there are, or have no link that could be fetched.
    pub(crate) n_left_out: usize,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where the alert is.
    pub(crate) url: Url,
    /// When the entry was changed, in the list's words; empty if it does not say.
    pub(crate) stamp: String,
}

/// How well a link fits: an entry has several, to pages for people among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// To something that does not say what it is.
    Untold,
    /// To XML.
    Xml,
    /// To a CAP document.
    Cap,
}

/// What is being read of an entry.
#[derive(Default)]
struct Draft {
    link: Option<(Fit, String)>,
    stamp: String,
}

/// Elements with a text that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Link,
    Stamp,
}

/// The list that `body` is, if its outermost element says that it is one; links count from `base`.
///
/// # Errors
/// It is one and cannot be read, in words.
pub(crate) fn read(body: &[u8], base: &Url) -> Option<Result<Index, String>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let name = start.local_name().into_inner().to_owned();
                let is_list = matches!(name.as_str(), "feed" | "rss" | "RDF");
                return is_list.then(|| entries(&mut reader, base));
            }
            Ok(Event::Empty(start)) => {
                let name = start.local_name().into_inner();
                return matches!(name, "feed" | "rss").then(|| Ok(Index::default()));
            }
            Ok(Event::Eof | Event::DocType(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

fn entries(reader: &mut Reader<&[u8]>, base: &Url) -> Result<Index, String> {
    let mut index = Index::default();
    let mut draft: Option<Draft> = None;
    // Within an entry, how many elements deep.
    let mut inside = 0_usize;
    let mut depth = 1_usize;
    let mut saying: Option<(Said, String)> = None;
    loop {
        let event = reader.read_event();
        let event = event.map_err(|error| format!("the list of alerts is no XML: {error}"))?;
        match event {
            Event::Start(start) => {
                depth += 1;
                if depth > INDEX_DEPTH_MAX {
                    return Err(format!(
                        "the list of alerts is more than {INDEX_DEPTH_MAX} deep"
                    ));
                }
                let name = start.local_name().into_inner();
                match &mut draft {
                    None if matches!(name, "entry" | "item") => {
                        (draft, inside) = (Some(Draft::default()), 0);
                    }
                    None => {}
                    Some(draft) => {
                        inside += 1;
                        if inside == 1 {
                            draft.begin(&start)?;
                            saying = said(name).map(|said| (said, String::new()));
                        }
                    }
                }
            }
            Event::Empty(start) => {
                if let Some(draft) = draft.as_mut().filter(|_| inside == 0) {
                    draft.begin(&start)?;
                }
            }
            Event::Text(text) => say(&mut saying, &text.xml_content(XmlVersion::default())),
            Event::CData(text) => say(&mut saying, &text.xml_content(XmlVersion::default())),
            Event::GeneralRef(entity) => say(&mut saying, character(&entity).unwrap_or_default()),
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                match (&mut draft, inside) {
                    (Some(draft), 1) => {
                        if let Some((said, text)) = saying.take() {
                            draft.end(said, text.trim());
                        }
                        inside = 0;
                    }
                    (Some(_), 0) => {
                        index.take(draft.take().unwrap_or_default(), base);
                    }
                    (Some(_), _) => inside -= 1,
                    (None, _) => {}
                }
            }
            Event::DocType(_) => return Err("the list of alerts has a DOCTYPE".to_owned()),
            Event::Eof if depth > 0 => return Err("the list of alerts ends too early".to_owned()),
            Event::Eof => return Ok(index),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

fn said(name: &str) -> Option<Said> {
    match name {
        "link" => Some(Said::Link),
        "updated" | "pubDate" | "date" => Some(Said::Stamp),
        _ => None,
    }
}

fn say(saying: &mut Option<(Said, String)>, more: &str) {
    if let Some((_, text)) = saying
        && text.len() + more.len() <= URL_BYTES_MAX
    {
        text.push_str(more);
    }
}

/// What XML's own entities stand for.
fn character(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

impl Draft {
    /// Notes what an element's attributes say: Atom's links, and RSS's enclosures.
    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.local_name().into_inner();
        if !matches!(name, "link" | "enclosure") {
            return Ok(());
        }
        let (mut url, mut kind, mut relation) = (None, String::new(), String::new());
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| format!("the list of alerts: {error}"))?;
            let value = attribute.normalized_value(XmlVersion::default());
            let value = value.map_err(|error| format!("the list of alerts: {error}"))?;
            match attribute.key.local_name().into_inner() {
                "href" | "url" => url = Some(value.into_owned()),
                "type" => kind = value.to_ascii_lowercase(),
                "rel" => relation = value.into_owned(),
                _ => {}
            }
        }
        let leads_there = matches!(relation.as_str(), "" | "alternate" | "self" | "enclosure");
        if let (Some(url), Some(fit), true) = (url, fit(&kind), leads_there) {
            self.offer(fit, url);
        }
        Ok(())
    }

    /// Notes what an element's text says.
    fn end(&mut self, said: Said, text: &str) {
        match said {
            Said::Link if !text.is_empty() => self.offer(Fit::Untold, text.to_owned()),
            Said::Link => {}
            Said::Stamp => text.clone_into(&mut self.stamp),
        }
    }

    /// Takes the first of the links that fit best.
    fn offer(&mut self, fit: Fit, url: String) {
        if self.link.as_ref().is_none_or(|(best, _)| fit > *best) {
            self.link = Some((fit, url));
        }
    }
}

/// How well something of this content type fits; `None` if it is for people.
fn fit(kind: &str) -> Option<Fit> {
    if kind.contains("cap+xml") || kind.contains("common-alerting-protocol") {
        return Some(Fit::Cap);
    }
    match kind {
        "" => Some(Fit::Untold),
        "application/xml" | "text/xml" => Some(Fit::Xml),
        _ => None,
    }
}

impl Index {
    fn take(&mut self, draft: Draft, base: &Url) {
        let link = draft.link.filter(|(_, link)| link.len() <= URL_BYTES_MAX);
        let url = link.and_then(|(_, link)| base.join(link.trim()).ok());
        match url {
            Some(url) if self.entries.len() < ENTRIES_MAX => self.entries.push(Entry {
                url,
                stamp: draft.stamp,
            }),
            _ => self.n_left_out += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://weather.example/alerts/index.xml").unwrap()
    }

    fn read_text(text: &str) -> Option<Result<Index, String>> {
        read(text.as_bytes(), &base())
    }

    fn links(text: &str) -> Vec<(String, String)> {
        let index = read_text(text).unwrap().unwrap();
        let told = |entry: Entry| (entry.url.to_string(), entry.stamp);
        index.entries.into_iter().map(told).collect()
    }

    #[test]
    fn an_atom_feed_has_the_links_to_its_alerts() {
        let text = "<?xml version='1.0'?>\n<feed xmlns='http://www.w3.org/2005/Atom' \
            xmlns:cap='urn:oasis:names:tc:emergency:cap:1.2'><title>a</title>\
            <link rel='self' href='/index.xml'/><updated>2026-06-22T06:00:00Z</updated>\
            <entry><id>1</id><updated>2026-06-22T06:05:00Z</updated>\
            <link href='https://weather.example/page/1' type='text/html'/>\
            <link rel='related' type='application/cap+xml' href='other'/>\
            <link type='application/cap+xml' href='cap/1.xml?a=1&amp;b=2'/>\
            <author><link>not/this</link></author><cap:event>x</cap:event></entry>\
            <entry><link rel='alternate' href='https://api.weather.example/alerts/2'/></entry>\
            <entry><id>no link</id></entry></feed>";
        assert_eq!(
            links(text),
            [
                (
                    "https://weather.example/alerts/cap/1.xml?a=1&b=2".to_owned(),
                    "2026-06-22T06:05:00Z".to_owned()
                ),
                (
                    "https://api.weather.example/alerts/2".to_owned(),
                    String::new()
                ),
            ]
        );
        assert_eq!(read_text(text).unwrap().unwrap().n_left_out, 1);
    }

    #[test]
    fn an_rss_feed_has_them_as_texts_or_enclosures() {
        let text = "<rss version='2.0'><channel><link>https://weather.example</link>\
            <item><link>\n https://weather.example/1.xml?a=1&amp;b=2 </link>\
            <pubDate>Mon, 22 Jun 2026 06:05:00 +0800</pubDate></item>\
            <item><link><![CDATA[https://weather.example/page]]></link>\
            <enclosure url='https://weather.example/2.xml' type='application/cap+xml'/></item>\
            </channel></rss>";
        let stamp = "Mon, 22 Jun 2026 06:05:00 +0800".to_owned();
        assert_eq!(
            links(text),
            [
                ("https://weather.example/1.xml?a=1&b=2".to_owned(), stamp),
                ("https://weather.example/2.xml".to_owned(), String::new()),
            ]
        );
    }

    #[test]
    fn what_is_no_list_is_none_and_a_broken_list_is_told() {
        for other in [
            "<alert/>",
            "<alert xmlns='urn:a'><feed/></alert>",
            "{}",
            "",
            "<!DOCTYPE feed><feed/>",
        ] {
            assert_eq!(read_text(other), None, "{other}");
        }
        assert_eq!(read_text("<feed/>"), Some(Ok(Index::default())));
        for (broken, said) in [
            ("<feed><entry>", "ends too early"),
            ("<feed><entry></feed>", "is no XML"),
            ("<feed><!DOCTYPE a></feed>", "DOCTYPE"),
            (
                "<feed><entry><link href='&a;'/></entry></feed>",
                "the list of alerts: ",
            ),
        ] {
            let told = read_text(broken).unwrap().unwrap_err();
            assert!(told.contains(said), "{broken}: {told}");
        }
        let deep = format!("<feed>{}", "<a>".repeat(100_000));
        assert!(read_text(&deep).unwrap().unwrap_err().contains("deep"));
    }

    #[test]
    fn entries_are_bounded_and_the_rest_is_counted() {
        let entry = "<entry><link href='a'/></entry>";
        let text = format!("<feed>{}</feed>", entry.repeat(ENTRIES_MAX + 7));
        let index = read_text(&text).unwrap().unwrap();
        assert_eq!((index.entries.len(), index.n_left_out), (ENTRIES_MAX, 7));
    }
}
