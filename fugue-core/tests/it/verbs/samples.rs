//! Samples: how many rows, which, and that the layout of a frame does not show.

use std::collections::BTreeMap;

use fugue_core::frame::Sample;
use fugue_core::{DataFrame, ErrorKind, Session};

use super::{collect, frame, sessions};

fn hundred(session: &Session) -> DataFrame {
    frame(session, "a:int,s:str", &(0..100).map(|i| format!("{i},x{i}")).collect::<Vec<_>>().join(";"))
}

fn sorted(df: &DataFrame, sample: Sample) -> Vec<String> {
    let mut rows = collect(&df.sample(sample).unwrap());
    rows.sort();
    rows
}

#[test]
fn samples_have_their_size_and_depend_on_the_seed() {
    for session in sessions() {
        let df = hundred(&session);
        for (sample, size, slack) in [
            (Sample::fraction(0.8), 80, 10),
            (Sample::fraction(0.8).replace(), 80, 0),
            (Sample::rows(90), 90, 0),
            (Sample::rows(90).replace(), 90, 0),
        ] {
            let one = sorted(&df, sample.seed(1));
            assert!(one.len().abs_diff(size) <= slack, "{sample:?}: {}", one.len());
            assert_eq!(one, sorted(&df, sample.seed(1)));
            assert_ne!(one, sorted(&df, sample.seed(2)));
            assert_ne!(sorted(&df, sample), sorted(&df, sample));
        }
        let distinct = |sample: Sample| {
            let mut rows = sorted(&df, sample.seed(1));
            rows.dedup();
            rows.len()
        };
        assert_eq!(distinct(Sample::rows(90)), 90);
        assert!(distinct(Sample::rows(90).replace()) < 75);
        assert_eq!(sorted(&df, Sample::rows(1_000).seed(1)).len(), 100);
        assert_eq!(sorted(&df, Sample::rows(1_000).replace().seed(1)).len(), 1_000);
        assert_eq!(sorted(&df, Sample::fraction(2.5).replace().seed(1)).len(), 250);
        assert_eq!(sorted(&df, Sample::fraction(1.0)).len(), 100);
        assert!(sorted(&df, Sample::rows(0)).is_empty() && sorted(&df, Sample::fraction(0.0)).is_empty());
        let none = frame(&session, "a:int", "");
        assert!(sorted(&none, Sample::rows(5).replace()).is_empty() && sorted(&none, Sample::fraction(0.5)).is_empty());
    }
}

#[test]
fn a_frame_that_was_sampled_gives_the_same_rows_again() {
    let session = &sessions()[0];
    let some = hundred(session).sample(Sample::fraction(0.5)).unwrap();
    assert_eq!(collect(&some), collect(&some));
}

#[test]
fn the_layout_of_a_frame_does_not_show() {
    for sample in [Sample::fraction(0.3), Sample::rows(17), Sample::rows(17).replace(), Sample::fraction(0.3).replace()] {
        let taken: Vec<_> = sessions().iter().map(|s| sorted(&hundred(s), sample.seed(5))).collect();
        assert!(taken.windows(2).all(|w| w[0] == w[1]), "{sample:?}");
    }
}

#[test]
fn equal_rows_are_drawn_one_by_one() {
    for session in sessions() {
        let df = frame(&session, "a:int", &vec!["1"; 1_000].join(";"));
        let n = sorted(&df, Sample::fraction(0.5).seed(3)).len();
        assert!((400..600).contains(&n), "{n}");
        assert_eq!(sorted(&df, Sample::rows(10).seed(3)).len(), 10);
    }
}

#[test]
fn every_row_has_the_same_chance() {
    let session = &sessions()[0];
    let df = frame(session, "a:int", &(0..10).map(|i| i.to_string()).collect::<Vec<_>>().join(";"));
    for sample in [Sample::rows(3), Sample::rows(3).replace(), Sample::fraction(0.3), Sample::fraction(0.3).replace()] {
        let mut found = BTreeMap::new();
        for seed in 0..400 {
            for row in collect(&df.sample(sample.seed(seed)).unwrap()) {
                *found.entry(row).or_insert(0) += 1;
            }
        }
        assert!(found.len() == 10 && found.values().all(|n| (70..180).contains(n)), "{sample:?}: {found:?}");
    }
}

#[test]
fn what_is_no_part_is_refused() {
    let df = hundred(&sessions()[0]);
    for part in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(df.sample(Sample::fraction(part)).unwrap_err().kind(), ErrorKind::ValueInvalid);
    }
    assert!(df.sample(Sample::fraction(1.1).replace()).is_ok());
}
