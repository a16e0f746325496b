//! Mistakes in `poll` of `feeds.toml`.

use egret_package::Package;

use crate::told::{Files, assert_all_told_of, tiny};

const POLL: &str = "poll = { url = \"https://transit.example.org/vehicles?area=7\", every = \"30s\", \
                    headers = { x-api-key = \"transit-key\" }, query = { token = \"transit-token\" } }";

/// The tiny city with a feed that is fetched.
fn polled() -> Files {
    let mut files = tiny();
    let text = files.get_mut("feeds.toml").unwrap();
    text.push_str(
        "\n[[feed]]\nid = \"buses\"\nname = { zh = \"公交\", en = \"Buses\" }\ndepartment = \"police\"\n\
         domain = \"traffic\"\nasset_class = \"vehicle\"\nmoving = true\nformat = \"gtfs-rt\"\n",
    );
    text.push_str(POLL);
    text.push_str("\n[feed.names]\nspeed = { property = \"speed\" }\n");
    files
}

#[test]
fn the_example_of_the_documentation_is_good() {
    let page = include_str!("../../../../docs/polling.md");
    let mut blocks = page.split("```toml\n").skip(1);
    let example = blocks.next().and_then(|block| block.split("```").next());
    let mut files = tiny();
    let text = files.get_mut("feeds.toml").unwrap();
    *text = [text.as_str(), example.unwrap()].join("\n");
    assert_eq!(Package::load(&files).err(), None);
}

#[test]
fn where_a_feed_is_fetched_from_is_read_and_is_no_matter_of_the_fold() {
    let package = Package::load(&polled()).unwrap();
    let feed = package.feed(&"buses".into()).unwrap();
    let poll = feed.poll.as_ref().unwrap();
    assert_eq!(poll.every.ms(), 30_000);
    assert_eq!(
        poll.headers.get("x-api-key").map(String::as_str),
        Some("transit-key")
    );
    let mut sent = polled();
    let text = sent.get_mut("feeds.toml").unwrap();
    *text = text.replace(POLL, "");
    assert_eq!(Package::load(&sent).unwrap().digest, package.digest);
}

#[test]
fn mistakes_in_where_a_feed_is_fetched_from_are_told_at_their_place() {
    let url = "url = \"https://transit.example.org/vehicles?area=7\"";
    assert_all_told_of(
        &polled(),
        "feeds.toml",
        &[
            (url, "url = ¦\"transit.example.org\"", "is no URL"),
            (url, "url = ¦\"https://\"", "is no URL"),
            (
                url,
                "url = ¦\"ftp://transit.example.org/v\"",
                "ftp:// cannot be fetched: write http:// or https://",
            ),
            (
                url,
                "url = ¦\"file:///etc/passwd\"",
                "file:// cannot be fetched",
            ),
            (
                url,
                "url = ¦\"https://me:secret@transit.example.org/v\"",
                "a name or password has no place in a URL",
            ),
            (
                "every = \"30s\"",
                "every = ¦\"1s\"",
                "every 1s is too often: 5s is the least",
            ),
            (
                "every = \"30s\"",
                "every = ¦\"30d\"",
                "every 30d is too rare: 1d is the most",
            ),
            (
                "x-api-key = \"transit-key\"",
                "x-api-key = ¦\"Bearer 0xCAFE\"",
                "the secret itself stays out of the package",
            ),
            (
                "x-api-key = \"transit-key\"",
                "Host = ¦\"transit-key\"",
                "the header Host is set by the fetching itself",
            ),
            (
                "headers = { x-api-key",
                "headers = ¦{ \"x api\"",
                "\"x api\" is no header",
            ),
            (
                "token = \"transit-token\"",
                "token = ¦\"\"",
                "write the name of a secret",
            ),
            (
                "every = \"30s\", ",
                "every = \"30s\", ¦often = true, ",
                "unknown key",
            ),
        ],
    );
}

#[test]
fn what_is_sent_cannot_be_fetched() {
    assert_all_told_of(
        &polled(),
        "feeds.toml",
        &[
            (
                "format = \"gtfs-rt\"\npoll = {",
                "format = \"hj212\"\npoll = ¦{",
                "hj212 is sent when there is something, not fetched",
            ),
            (
                "format = \"gtfs-rt\"\npoll",
                "format = \"gtfs-rt\"\ntopic = ¦\"buses/+\"\npoll",
                "what is fetched comes by no topic",
            ),
        ],
    );
}
