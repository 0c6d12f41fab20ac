//! Every split of every sequence gives the same events, and nothing unknown becomes a key.

use proptest::prelude::*;

use super::*;

fn keys(text: &str) -> Vec<InputEvent> {
    text.split_whitespace()
        .map(|t| InputEvent::Key(Chord::parse(t).unwrap()))
        .collect()
}

/// The events of bytes that arrive at once, and then silence.
fn decode(bytes: &[u8]) -> Vec<InputEvent> {
    decode_in(&[bytes])
}

/// The events of chunks that arrive one millisecond apart, and then silence.
fn decode_in(chunks: &[&[u8]]) -> Vec<InputEvent> {
    let mut now = Instant::now();
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        now += Duration::from_millis(1);
        events.extend(decoder.feed(chunk, now));
    }
    while let Some(at) = decoder.deadline() {
        events.extend(decoder.tick(at));
    }
    events
}

/// Sequences with their events.
fn known() -> Vec<(&'static [u8], Vec<InputEvent>)> {
    vec![
        (b"R", keys("R")),
        (b"\r", keys("enter")),
        (b"\t", keys("tab")),
        (b"\x7f", keys("backspace")),
        (b"\x0c", keys("ctrl-l")),
        (b"\x1a", keys("ctrl-z")),
        (b"\x1b[A", keys("up")),
        (b"\x1bOB", keys("down")),
        (b"\x1b[Z", keys("shift-tab")),
        (b"\x1b[15~", keys("f5")),
        (b"\x1bOP", keys("f1")),
        (b"\x1b[[A", keys("f1")),
        (b"\x1b[6~", keys("pagedown")),
        (b"\x1b[1;5C", keys("ctrl-right")),
        (b"\x1bx", keys("alt-x")),
        ("é".as_bytes(), keys("é")),
        ("漢".as_bytes(), keys("漢")),
        (b"\x1b[?62;22;52c", vec![InputEvent::Da1]),
        (b"\x1b[?6c", vec![InputEvent::Da1]),
        (b"\x1b[I", vec![InputEvent::Focus(true)]),
        (b"\x1b[O", vec![InputEvent::Focus(false)]),
        (
            b"\x1b[<0;10;5M",
            vec![InputEvent::Mouse(Mouse {
                kind: MouseKind::Click,
                column: 9,
                row: 4,
            })],
        ),
        (
            b"\x1b[<65;1;1M",
            vec![InputEvent::Mouse(Mouse {
                kind: MouseKind::WheelDown,
                column: 0,
                row: 0,
            })],
        ),
        (b"\x1b[<0;10;5m", vec![]),
        (
            b"\x1b[200~rm -rf\n\x1b[A\x1b[201~",
            vec![InputEvent::Paste("rm -rf\n\u{1b}[A".to_owned())],
        ),
        (
            b"\x1b]11;rgb:1e1e/2828/ffff\x1b\\",
            vec![InputEvent::Background(0x1e, 0x28, 0xff)],
        ),
        (
            b"\x1b]11;rgb:0000/0000/0000\x07",
            vec![InputEvent::Background(0, 0, 0)],
        ),
        // Answers to questions of others: dropped whole.
        (b"\x1bP>|xterm(388)\x1b\\", vec![]),
        (b"\x1b[>41;388;0c", vec![]),
        (b"\x1b[?2026;2$y", vec![]),
        (b"\x1b]4;1;rgb:ffff/0000/0000\x1b\\", vec![]),
        (b"\x1b_Gi=31;OK\x1b\\", vec![]),
        (b"\x1b[?1;2;3;4z", vec![]),
    ]
}

#[test]
fn each_sequence_means_what_it_should_at_every_split() {
    for (bytes, events) in known() {
        let text = String::from_utf8_lossy(bytes);
        for split in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(split);
            assert_eq!(
                decode_in(&[head, tail]),
                events,
                "{text:?} split at {split}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(decode_in(&single), events, "{text:?} byte by byte");
    }
}

#[test]
fn answers_between_keys_garble_nothing() {
    for (bytes, events) in known() {
        let stream = [b"a".as_slice(), bytes, b"b\x1b[B", bytes, b"q"].concat();
        let expected = [keys("a"), events.clone(), keys("b down"), events, keys("q")].concat();
        assert_eq!(
            decode(&stream),
            expected,
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn a_lone_escape_waits_for_its_rest() {
    let now = Instant::now();
    let mut decoder = Decoder::new();
    assert_eq!(decoder.feed(b"\x1b", now), []);
    assert_eq!(decoder.deadline(), Some(now + ESC_WAIT));
    assert_eq!(decoder.tick(now + Duration::from_millis(49)), []);
    assert_eq!(
        decoder.feed(b"[A", now + Duration::from_millis(49)),
        keys("up")
    );
    assert_eq!(decoder.feed(b"\x1b", now + Duration::from_millis(60)), []);
    assert_eq!(decoder.tick(now + Duration::from_millis(110)), keys("esc"));
    // A byte that comes too late is a key of its own, even if the timer was late too.
    assert_eq!(decoder.feed(b"\x1b", now + Duration::from_millis(200)), []);
    assert_eq!(
        decoder.feed(b"x", now + Duration::from_millis(300)),
        keys("esc x")
    );
}

#[test]
fn escapes_in_a_row_and_before_sequences() {
    assert_eq!(decode(b"\x1b\x1b"), keys("esc esc"));
    assert_eq!(decode(b"\x1b\x1b[A"), keys("esc up"));
    assert_eq!(decode(b"\x1b["), keys("alt-["));
    assert_eq!(decode(b"\x1bO"), keys("alt-O"));
}

#[test]
fn what_breaks_off_is_dropped_and_what_follows_counts() {
    assert_eq!(decode(b"\x1b[12;\x1b[A"), keys("up"));
    assert_eq!(decode(b"\x1b]11;rgb:12\x1b[Aq"), keys("up q"));
    assert_eq!(decode(b"\xff\xfea"), keys("a"));
    assert_eq!(decode(b"\xe6\xbca"), keys("a"));
    assert_eq!(decode_in(&[b"\x1b]11;never ends", b""]), []);
}

#[test]
fn a_paste_is_bounded_and_ends() {
    let huge = [PASTE_START, &vec![b'x'; 3 * PASTE_MAX], PASTE_END, b"q"].concat();
    let chunks: Vec<&[u8]> = huge.chunks(4096).collect();
    let events = decode_in(&chunks);
    assert_eq!(events.last(), keys("q").first());
    assert!(matches!(events.first(), Some(InputEvent::Paste(text)) if text.len() == PASTE_MAX));
    assert_eq!(
        decode(b"\x1b[200~lost end"),
        [InputEvent::Paste("lost end".to_owned())]
    );
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same_and_never_panic(bytes in prop::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(0x1b), 1 => Just(b'[')], 0..60), size in 1usize..9) {
        let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
        prop_assert_eq!(decode_in(&chunks), decode(&bytes));
    }
}
