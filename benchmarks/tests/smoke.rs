//! The measured programs give the right answer: ours in every shape, and both by hand.

use std::sync::Mutex;

use benchmarks::check::{Expected, Seen};
use benchmarks::data::{self, Size};
use benchmarks::hand::{self, Style};
use benchmarks::shapes::Shape;
use fugue_core::run::Pool;
use fugue_core::{ErrorKind, Session, blocking};

const SIZE: Size = Size { rows: 5000, groups: 700 };

#[test]
fn all_shapes_give_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = data::file(folder.path(), SIZE).unwrap();
    let expected = Expected::new(SIZE).unwrap();
    for shape in Shape::ALL {
        let batches = blocking::wait(async {
            let df = Session::open("local").await?.load(path.to_string_lossy()).await?;
            shape.stream(&df).await?.collect().await
        })
        .unwrap();
        let seen = Mutex::new(Seen::default());
        batches.iter().try_for_each(|b| expected.look(b, &seen)).unwrap();
        expected.judge(seen).unwrap();
    }
}

#[test]
fn the_work_by_hand_gives_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = data::file(folder.path(), SIZE).unwrap();
    let expected = Expected::new(SIZE).unwrap();
    for style in [Style::Inline, Style::Batches] {
        let seen = Mutex::new(Seen::default());
        let look = |batch: &_| expected.look(batch, &seen).map(|()| 0.0).map_err(Into::into);
        Pool::new(2).unwrap().install(|| hand::demean(&path, style, look)).unwrap();
        expected.judge(seen).unwrap();
    }
}

#[test]
fn wrong_answers_are_told() {
    let expected = Expected::new(SIZE).unwrap();
    let seen = Mutex::new(Seen::default());
    assert_eq!(expected.judge(seen).unwrap_err().kind(), ErrorKind::ValueInvalid);
    assert!(expected.judge_sum(1.0).is_err());
    expected.judge_sum(1e-7).unwrap();
}
