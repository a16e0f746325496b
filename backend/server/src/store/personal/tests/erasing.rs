//! Who is erased is gone from everything that is kept, and nobody else is.

use std::collections::BTreeSet;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_gone_from_reports_messages_and_refusals_and_nobody_else_is() {
    let world = world();
    take_calls(&world).await;
    // A later step of Ann's report, by which she is not found.
    world.take_call(&call("R-1", "19900009999", None)).await;
    let journal = "SELECT body FROM journal WHERE first_seq <= 7 ORDER BY first_seq";
    let before: Vec<Vec<u8>> = world.rows(journal);

    let erased = world.erase("199 0000 1234").await.unwrap();
    assert_eq!(
        erased,
        Erased {
            reports: 2,
            refused: 1
        }
    );
    assert_eq!(world.rows::<Vec<u8>>(journal), before);
    for report in ["R-1", "R-3"] {
        assert_eq!(world.personal(report), Some(ERASED), "{report}");
    }
    let ben = fields(&[("/caller/phone", BEN), ("/caller/name", "李四")]);
    assert_eq!(world.personal("R-2"), Some(ben));
    assert_eq!(
        world.personal("R-4"),
        Some(fields(&[("/caller/phone", BEN)])),
        "he came in the same message"
    );
    for seq in [1, 3, 4, 7] {
        let raw = world.raw(seq);
        let gone = (raw.sealed, raw.erased, raw.payload.len());
        assert_eq!(gone, (true, true, 0), "the message of entry {seq}");
    }
    assert!(
        String::from_utf8(world.raw(2).payload)
            .unwrap()
            .contains(BEN)
    );
    let [bens, anns] = &world.refused()[..] else {
        panic!("{:?}", world.refused());
    };
    assert!(bens.raw.as_ref().unwrap().contains(BEN) && !bens.sealed && !bens.erased);
    assert!(anns.raw.is_none() && anns.sealed && anns.erased);

    assert_eq!(world.erase(ANN).await.unwrap(), Erased::default());
    world.take_call(&call("R-1", ANN, None)).await;
    assert_eq!(
        world.personal("R-1"),
        Some(fields(&[("/caller/phone", ANN)])),
        "what comes later is kept as if it were new"
    );
    let again = world.erase(ANN).await.unwrap();
    assert_eq!((again.reports, world.personal("R-1")), (1, Some(ERASED)));
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_by_name_and_by_a_number_written_in_another_way() {
    let world = world();
    take_calls(&world).await;
    let by_name = world.erase(" 李四").await.unwrap();
    assert_eq!((by_name.reports, world.personal("R-2")), (1, Some(ERASED)));
    let by_number = world.erase("0086-19900005678").await.unwrap();
    assert_eq!((by_number.reports, by_number.refused), (1, 1));
    assert_eq!(world.personal("R-4"), Some(ERASED));
    let short = world.erase(" 张 ").await.unwrap_err().to_string();
    assert!(short.contains("1 characters"), "{short}");
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_which_a_part_was_refused_opens_until_somebody_in_it_is_erased() {
    let world = world();
    let part = json!([
        call("R-1", ANN, None),
        call("R-2", BEN, None),
        { "report": "R-3", "at": "no time", "caller": { "name": "王五" } },
        { "report": "R-4", "at": "nor this" },
    ]);
    let topic = "egret/v1/hotline/report/x";
    // Another in the same batch, so that its entries do not begin at the batch's.
    let first = call("R-0", BEN, None).to_string();
    world
        .take(&[(topic, first), (topic, part.to_string())])
        .await;
    assert_eq!(world.raw(3).payload, part.to_string().into_bytes());
    assert_eq!(world.refused()[0].raw, Some(part.to_string()));
    // Who was refused is in the message, but in no report.
    let erased = world.erase("王五").await.unwrap();
    assert_eq!((erased.reports, erased.refused), (0, 1));
    assert!(world.raw(2).erased && world.refused()[0].erased);
    assert!(!world.raw(1).erased);
    let ann = fields(&[("/caller/phone", ANN)]);
    assert_eq!(world.personal("R-1"), Some(ann));
    world.stop();
}

/// Bytes by which something is looked for: its last ones, for the first of what is deleted are
/// overwritten in any case.
const TAIL_BYTES: usize = 16;

fn tail(bytes: &[u8]) -> [u8; TAIL_BYTES] {
    *bytes.last_chunk().unwrap()
}

/// Those of `kept` whose tails stand in some file of the folder.
fn found(folder: &Path, kept: &BTreeSet<[u8; TAIL_BYTES]>) -> BTreeSet<[u8; TAIL_BYTES]> {
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let windows = bytes.windows(TAIL_BYTES).map(tail);
        found.extend(windows.filter(|window| kept.contains(window)));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_what_was_erased_is_in_any_file_while_the_server_runs_on() {
    let world = world();
    // Enough for trees of several levels, a batch at a time, so that pages are split.
    for batch in 0..40 {
        let message = |n: i32| {
            let phone = if n % 3 == 0 { ANN } else { BEN };
            let message = call(&format!("R-{batch}-{n}"), phone, Some("某某"));
            ("egret/v1/hotline/report/x", message.to_string())
        };
        let messages: Vec<_> = (0..20).map(message).collect();
        world.take(&messages).await;
    }
    let kept = |phone: &str| -> BTreeSet<[u8; TAIL_BYTES]> {
        let word = world.word(phone);
        let connection = Connection::open(database(world.folder.path())).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT wrapped, sealed FROM personal JOIN person_key USING (seq)
                 JOIN person_word USING (seq) WHERE word = ?1",
            )
            .unwrap();
        let mut kept = BTreeSet::from([tail(&word)]);
        let mut rows = statement.query([word]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            kept.extend([0, 1].map(|column| tail(row.get_ref(column).unwrap().as_blob().unwrap())));
        }
        kept
    };
    let (anns, bens) = (kept(ANN), kept(BEN));
    assert_eq!((anns.len(), bens.len()), (1 + 2 * 280, 1 + 2 * 520));
    let folder = world.folder.path();
    assert_eq!(found(folder, &anns).len(), anns.len(), "the sieve holds");
    assert_eq!(world.erase(ANN).await.unwrap().reports, 280);
    assert_eq!(
        found(folder, &anns).len(),
        0,
        "of Ann's keys, fields and word"
    );
    assert_eq!(found(folder, &bens).len(), bens.len());
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_the_way_of_emptying_the_log_is_waited_for() {
    let world = world();
    take_calls(&world).await;
    let reader = Connection::open(database(world.folder.path())).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM journal")
        .unwrap();
    let eraser = world.eraser();
    let tasks = tokio_util::task::TaskTracker::new();
    let erasing = tasks.spawn(async move { eraser.erase(ANN.to_owned()).await });
    // The keys go at once …
    while world.personal("R-3") != Some(ERASED) {
        tokio::task::yield_now().await;
    }
    let log = world.folder.path().join("egret.db-wal");
    let log_bytes = || std::fs::metadata(&log).unwrap().len();
    assert!(
        !erasing.is_finished() && log_bytes() > 0,
        "… but are still in the log"
    );
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(erasing.await.unwrap().unwrap().reports, 2);
    assert_eq!(log_bytes(), 0);
    world.stop();
}
