//! Tampering with the trail, seen from inside.

use egret_shared::people::AuditRow;
use rusqlite::types::Value;

use super::*;

const N_LINES: u64 = 9;

fn line(n: u64) -> Line {
    let actor = Actor {
        kind: Kind::User,
        id: format!("id-{n}"),
        name: format!("name-{n}"),
        address: format!("10.0.0.{n}"),
    };
    Line::new(
        &actor,
        "user.change",
        &format!("target-{n}"),
        TimeMs(1_000 * n.cast_signed()),
    )
    .detail(format!("detail-{n}"))
}

/// A trail of nine lines, the key, and its end.
fn trail() -> (Connection, Key, Head) {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    let key = Key::from([7; 32]);
    let mut head = begin(&connection, &key).unwrap();
    for n in 1..=N_LINES {
        head = append(&connection, &key, &head, &line(n)).unwrap();
    }
    (connection, key, head)
}

fn fault(connection: &Connection, key: &Key) -> String {
    let verified = verify(connection, key, None).unwrap();
    verified.fault.expect("it was tampered with")
}

fn all(connection: &Connection) -> Vec<AuditRow> {
    let mut rows = Vec::new();
    let mut keep = |row| {
        rows.push(row);
        true
    };
    each(connection, None, None, &mut keep).unwrap();
    rows
}

#[test]
fn a_trail_is_whole_and_so_is_one_without_lines() {
    let (connection, key, head) = trail();
    let verified = verify(&connection, &key, None).unwrap();
    assert_eq!((verified.lines, verified.fault), (N_LINES, None));
    assert_eq!(verified.head, secret::hex(&head.seal));
    let empty = Connection::open_in_memory().unwrap();
    empty.execute_batch(SCHEMA).unwrap();
    begin(&empty, &key).unwrap();
    let verified = verify(&empty, &key, None).unwrap();
    assert_eq!((verified.lines, verified.fault), (0, None));
}

#[test]
fn a_change_of_any_column_of_any_line_is_found_and_the_line_named() {
    let columns: [(&str, Value); 10] = [
        ("at", Value::Integer(1)),
        ("kind", Value::Text("token".to_owned())),
        ("actor", Value::Text("x".to_owned())),
        ("name", Value::Text("x".to_owned())),
        ("address", Value::Text("x".to_owned())),
        ("action", Value::Text("x".to_owned())),
        ("target", Value::Text("x".to_owned())),
        ("outcome", Value::Text("denied".to_owned())),
        ("detail", Value::Text("x".to_owned())),
        ("seal", Value::Blob(vec![1; 32])),
    ];
    for seq in [1, 5, N_LINES] {
        for (column, value) in &columns {
            let (connection, key, _) = trail();
            let update = format!("UPDATE audit SET {column} = ?1 WHERE seq = ?2");
            let n_changed = connection.execute(&update, params![value, seq]).unwrap();
            assert_eq!(n_changed, 1);
            let fault = fault(&connection, &key);
            assert!(fault.contains(&format!("line {seq} ")), "{column}: {fault}");
        }
    }
}

#[test]
fn text_that_moves_from_one_column_to_the_next_is_found() {
    let (connection, key, _) = trail();
    connection
        .execute(
            "UPDATE audit SET actor = 'id', name = '-5name-5' WHERE seq = 5",
            [],
        )
        .unwrap();
    assert!(fault(&connection, &key).contains("line 5 "));
}

#[test]
fn lines_that_are_gone_are_named() {
    for (gone, word) in [
        ("seq = 1", "line 1 is missing"),
        ("seq = 5", "line 5 is missing"),
        ("seq IN (4, 5, 6)", "lines 4 to 6 are missing"),
        ("seq = 9", "line 9 is missing"),
        ("seq > 6", "lines 7 to 9 are missing"),
        ("seq > 0", "lines 1 to 9 are missing"),
    ] {
        let (connection, key, _) = trail();
        connection
            .execute(&format!("DELETE FROM audit WHERE {gone}"), [])
            .unwrap();
        let fault = fault(&connection, &key);
        assert!(fault.contains(word), "{gone}: {fault}");
    }
}

#[test]
fn two_lines_that_change_places_are_found() {
    let (connection, key, _) = trail();
    connection
        .execute_batch(
            "UPDATE audit SET seq = 100 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 6;
             UPDATE audit SET seq = 6 WHERE seq = 100;",
        )
        .unwrap();
    let fault = fault(&connection, &key);
    assert!(
        fault.contains("line 3 ") && fault.contains("swapped"),
        "{fault}"
    );
}

#[test]
fn lines_behind_a_gap_that_move_up_are_found() {
    let (connection, key, _) = trail();
    connection
        .execute_batch(
            "DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = seq - 1 WHERE seq = 6;
             UPDATE audit SET seq = seq - 1 WHERE seq = 7;
             UPDATE audit SET seq = seq - 1 WHERE seq = 8;
             UPDATE audit SET seq = seq - 1 WHERE seq = 9;",
        )
        .unwrap();
    assert!(fault(&connection, &key).contains("line 5 "));
}

#[test]
fn a_line_that_is_put_in_is_found_wherever_it_stands() {
    const COPY: &str =
        "INSERT INTO audit SELECT ?1, at, kind, actor, name, address, action, target,
        outcome, detail, seal FROM audit WHERE seq = 2";
    for (seq, word) in [
        (10, "line 10 "),
        (0, "line 0 was put in"),
        (-3, "line -3 was put in"),
    ] {
        let (connection, key, _) = trail();
        connection.execute(COPY, [seq]).unwrap();
        let fault = fault(&connection, &key);
        assert!(fault.contains(word), "{seq}: {fault}");
    }
    let (connection, key, _) = trail();
    for seq in (5..=9).rev() {
        connection
            .execute("UPDATE audit SET seq = seq + 1 WHERE seq = ?1", [seq])
            .unwrap();
    }
    connection.execute(COPY, [5]).unwrap();
    assert!(fault(&connection, &key).contains("line 5 "));
}

#[test]
fn a_head_that_was_changed_moved_back_or_removed_is_found() {
    for change in [
        "UPDATE audit_head SET lines = 8",
        "UPDATE audit_head SET lines = 10",
        "UPDATE audit_head SET lines = -1",
        "UPDATE audit_head SET seal = (SELECT seal FROM audit WHERE seq = 8)",
        "UPDATE audit_head SET mac = zeroblob(32)",
        "UPDATE audit_head SET mac = x''",
        "DELETE FROM audit_head",
    ] {
        let (connection, key, _) = trail();
        connection.execute(change, []).unwrap();
        assert!(fault(&connection, &key).contains("the head"), "{change}");
    }
}

#[test]
fn a_cut_end_with_a_head_that_was_made_to_fit_is_found_for_it_takes_the_key() {
    let (connection, key, _) = trail();
    connection
        .execute_batch(
            "DELETE FROM audit WHERE seq = 9;
             UPDATE audit_head SET lines = 8, seal = (SELECT seal FROM audit WHERE seq = 8);",
        )
        .unwrap();
    assert!(fault(&connection, &key).contains("the head"));
}

#[test]
fn an_older_copy_of_the_whole_trail_is_found_by_a_seal_that_was_written_down() {
    let (connection, key, _) = trail();
    let older: (u64, Vec<u8>, Vec<u8>) = connection
        .query_row("SELECT lines, seal, mac FROM audit_head", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    let early = secret::hex(&head(&connection, &key).unwrap().unwrap().seal);
    let last = head(&connection, &key).unwrap().unwrap();
    let newest = append(&connection, &key, &last, &line(10)).unwrap();
    let written_down = secret::hex(&newest.seal).to_uppercase();
    let whole = verify(&connection, &key, Some(&written_down)).unwrap();
    assert_eq!(whole.fault, None);
    connection
        .execute("DELETE FROM audit WHERE seq = 10", [])
        .unwrap();
    connection
        .execute(
            "UPDATE audit_head SET lines = ?1, seal = ?2, mac = ?3",
            params![older.0, older.1, older.2],
        )
        .unwrap();
    assert_eq!(verify(&connection, &key, None).unwrap().fault, None);
    assert_eq!(verify(&connection, &key, Some(&early)).unwrap().fault, None);
    let found = verify(&connection, &key, Some(&written_down)).unwrap();
    assert!(found.fault.unwrap().contains("the newest lines are gone"));
    let nonsense = verify(&connection, &key, Some("abc")).unwrap();
    assert!(nonsense.fault.unwrap().contains("\"abc\" is no seal"));
}

#[test]
fn what_is_appended_to_a_tampered_trail_does_not_heal_it() {
    for (tamper, word) in [
        (
            "DELETE FROM audit WHERE seq = 9;
             UPDATE audit_head SET lines = 8, seal = (SELECT seal FROM audit WHERE seq = 8);",
            "line 9 is missing",
        ),
        ("DELETE FROM audit_head;", "line 10 "),
        (
            "DELETE FROM audit; DELETE FROM audit_head;",
            "lines 1 to 9 are missing",
        ),
        (
            "INSERT INTO audit SELECT 10, at, kind, actor, name, address, action, target, outcome,
             detail, seal FROM audit WHERE seq = 9;",
            "line 10 ",
        ),
    ] {
        let (connection, key, mut head) = trail();
        connection.execute_batch(tamper).unwrap();
        for n in 11..14 {
            head = append(&connection, &key, &head, &line(n)).unwrap();
        }
        let fault = fault(&connection, &key);
        assert!(fault.contains(word), "{tamper}: {fault}");
    }
}

#[test]
fn a_trail_that_was_put_back_while_the_server_runs_is_found_without_a_seal() {
    let (connection, key, head) = trail();
    let newest = append(&connection, &key, &head, &line(10)).unwrap();
    connection
        .execute("DELETE FROM audit WHERE seq = 10", [])
        .unwrap();
    write_head(&connection, &key, &head).unwrap();
    append(&connection, &key, &newest, &line(11)).unwrap();
    assert!(fault(&connection, &key).contains("line 10 is missing"));
}

#[test]
fn a_line_cannot_be_forged_by_what_is_written_into_it() {
    let (connection, key, head) = trail();
    let mut forged = line(10);
    forged.name = format!("lin\n\u{1b}[2Jadmin{}", "x".repeat(100));
    forged.detail = "y".repeat(5_000);
    append(&connection, &key, &head, &forged).unwrap();
    let rows = all(&connection);
    let last = rows.last().unwrap();
    assert!(last.name.starts_with("lin[2Jadmin"));
    assert_eq!(last.name.chars().count(), 64);
    assert_eq!(last.detail.len(), 4_000);
    assert_eq!(verify(&connection, &key, None).unwrap().fault, None);
}

#[test]
fn a_page_is_newest_first_and_goes_on_where_it_ended() {
    let (connection, _, _) = trail();
    let seqs = |before| {
        let filter = AuditFilter {
            before,
            limit: 4,
            ..AuditFilter::default()
        };
        let rows = page(&connection, &filter).unwrap();
        rows.iter().map(|row| row.seq).collect::<Vec<u64>>()
    };
    assert_eq!(seqs(None), [9, 8, 7, 6]);
    assert_eq!(seqs(Some(6)), [5, 4, 3, 2]);
    assert_eq!(seqs(Some(2)), [1]);
    assert_eq!(seqs(Some(1)), [0_u64; 0]);
}

#[test]
fn a_page_is_filtered_by_everything() {
    let (connection, key, head) = trail();
    let odd = line(10).outcome(Outcome::Denied).detail("100% _sure_");
    append(&connection, &key, &head, &odd).unwrap();
    let seqs = |change: &dyn Fn(&mut AuditFilter)| {
        let mut filter = AuditFilter {
            limit: 50,
            ..AuditFilter::default()
        };
        change(&mut filter);
        let rows = page(&connection, &filter).unwrap();
        rows.iter().map(|row| row.seq).collect::<Vec<u64>>()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seqs(&|filter| filter.q = text("TARGET-3")), [3]);
    assert_eq!(seqs(&|filter| filter.q = text("0% _s")), [10]);
    assert_eq!(seqs(&|filter| filter.q = text("%")), [10]);
    assert_eq!(seqs(&|filter| filter.actor = text("id-4")), [4]);
    assert_eq!(seqs(&|filter| filter.actor = text("name-4")), [4]);
    assert_eq!(seqs(&|filter| filter.action = text("user")), [0_u64; 0]);
    assert_eq!(seqs(&|filter| filter.outcome = Some(Outcome::Denied)), [10]);
    let within = |filter: &mut AuditFilter| {
        filter.from = Some(TimeMs(3_000));
        filter.to = Some(TimeMs(5_000));
    };
    assert_eq!(seqs(&within), [4, 3]);
}

#[test]
fn reading_all_stops_when_it_is_enough() {
    let (connection, _, _) = trail();
    let mut seqs = Vec::new();
    let mut keep = |row: AuditRow| {
        seqs.push(row.seq);
        seqs.len() < 3
    };
    each(&connection, Some(TimeMs(2_000)), None, &mut keep).unwrap();
    assert_eq!(seqs, [2, 3, 4]);
    let first = &all(&connection)[0];
    assert_eq!((first.kind, first.outcome), (Kind::User, Outcome::Done));
    assert_eq!((first.actor.as_str(), first.at), ("id-1", TimeMs(1_000)));
    assert_eq!(first.seal.len(), 64);
}
