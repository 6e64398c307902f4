//! Which rules come by which faults, and which faults they catch.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Asked;
use crate::build::Built;
use crate::record::{End, Record};

/// What rules come by, and how long each takes.
pub struct Covered {
    rules: Vec<Rule>,
}

struct Rule {
    name: String,
    seconds: f64,
    seen: BTreeSet<usize>,
}

/// Bytes of addresses that a run may have: a fault that asks for ever more memory ends by itself.
const ADDRESSES: u64 = 24 << 30;
/// Rules that a fault is put to before all others.
const FIRST: usize = 6;

/// Runs each rule by itself, without a fault.
pub fn cover(asked: &Asked, built: &Built) -> Result<Covered, String> {
    let kept = asked.tree.with_extension(format!("{}.cover", asked.package));
    let stamp = format!("{}", built.binary.display());
    if let Some(covered) = kept_before(&kept, &stamp) {
        return Ok(covered);
    }
    let listed = Command::new(&built.binary).args(["--list", "--format", "terse"]).output().map_err(|e| e.to_string())?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names = listed.lines().filter_map(|line| line.strip_suffix(": test")).filter(|name| name.starts_with(&asked.filter));
    let todo = Mutex::new(names.map(str::to_owned).collect::<Vec<_>>());
    let (done, failed) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..asked.jobs {
            scope.spawn(|| {
                while let Some(name) = todo.lock().ok().and_then(|mut todo| todo.pop()) {
                    let seen = kept.with_extension(format!("{}.seen", name.replace("::", ".")));
                    let _ = std::fs::remove_file(&seen);
                    let start = Instant::now();
                    let end = run(asked, built, &[&name], Duration::from_secs(600), |c| _ = c.env("FUGUE_MUTANTS_SEEN", &seen));
                    let seconds = start.elapsed().as_secs_f64();
                    let text = std::fs::read_to_string(&seen).unwrap_or_default();
                    let _ = std::fs::remove_file(&seen);
                    match end {
                        Ran::Passed => {
                            let seen = text.lines().filter_map(|n| n.parse().ok()).collect();
                            done.lock().expect("no one panics with it").push(Rule { name, seconds, seen });
                        }
                        end => failed.lock().expect("no one panics with it").push(format!("{name}: {end:?}")),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().map_err(|e| e.to_string())?;
    if !failed.is_empty() {
        return Err(format!("rules fail without any fault:\n{}", failed.join("\n")));
    }
    let mut rules: Vec<Rule> = done.into_inner().map_err(|e| e.to_string())?;
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    let lines = rules.iter().map(|rule| {
        let seen: Vec<String> = rule.seen.iter().map(ToString::to_string).collect();
        format!("{}\t{}\t{}\n", rule.name, rule.seconds, seen.join(","))
    });
    std::fs::write(&kept, format!("{stamp}\n{}", lines.collect::<String>())).map_err(|e| format!("{}: {e}", kept.display()))?;
    Ok(Covered { rules })
}

fn kept_before(file: &Path, stamp: &str) -> Option<Covered> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut lines = text.lines();
    (lines.next()? == stamp).then_some(())?;
    let rules = lines.filter_map(|line| {
        let mut parts = line.split('\t');
        Some(Rule {
            name: parts.next()?.to_owned(),
            seconds: parts.next()?.parse().ok()?,
            seen: parts.next()?.split(',').filter_map(|n| n.parse().ok()).collect(),
        })
    });
    Some(Covered { rules: rules.collect() })
}

/// Puts each fault to the rules that come by it, until its time or number is reached.
pub fn judge(asked: &Asked, built: &Built, covered: &Covered, record: &mut Record) -> Result<(), String> {
    let end = Instant::now() + Duration::from_secs(asked.minutes * 60);
    record.keep(&built.mutants.iter().map(|(_, m)| m.name.as_str()).collect());
    let mut todo: Vec<_> = built.mutants.iter().collect();
    todo.sort_by_key(|(_, mutant)| drawn(&mutant.name));
    todo.truncate(asked.most);
    todo.retain(|(_, mutant)| !record.has(&mutant.name));
    todo.reverse();
    let mut caught: HashMap<&str, usize> = HashMap::new();
    for rule in &covered.rules {
        caught.insert(&rule.name, record.caught_by(&rule.name));
    }
    let (todo, caught, record) = (Mutex::new(todo), Mutex::new(caught), Mutex::new(record));
    let told = Mutex::new(Ok(()));
    thread::scope(|scope| {
        for _ in 0..asked.jobs {
            scope.spawn(|| {
                while Instant::now() < end {
                    let Some((number, mutant)) = todo.lock().expect("no one panics with it").pop() else { break };
                    let mut rules: Vec<&Rule> = covered.rules.iter().filter(|rule| rule.seen.contains(number)).collect();
                    let ranks = caught.lock().expect("no one panics with it").clone();
                    rules.sort_by(|a, b| {
                        let worth = |rule: &Rule| (ranks[rule.name.as_str()] + 1) as f64 / (rule.seconds + 0.2);
                        worth(b).total_cmp(&worth(a))
                    });
                    let ended = put(asked, built, *number, &rules);
                    if let End::Caught(by) = &ended {
                        *caught.lock().expect("no one panics with it").entry(by_name(&rules, by)).or_default() += 1;
                    }
                    let mut record = record.lock().expect("no one panics with it");
                    record.add(&mutant.name, ended);
                    println!("{}", record.summary());
                    if let Err(error) = record.write() {
                        *told.lock().expect("no one panics with it") = Err(error);
                    }
                }
            });
        }
    });
    told.into_inner().map_err(|e| e.to_string())?
}

fn by_name<'a>(rules: &[&'a Rule], by: &str) -> &'a str {
    rules.iter().find(|rule| rule.name == by).map_or("", |rule| &rule.name)
}

/// A number of the name that has nothing to do with what it says (FNV-1a).
fn drawn(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn put(asked: &Asked, built: &Built, number: usize, rules: &[&Rule]) -> End {
    if rules.is_empty() {
        return End::Unreached;
    }
    let (first, rest) = rules.split_at(FIRST.min(rules.len()));
    for some in [first, rest] {
        if some.is_empty() {
            continue;
        }
        let names: Vec<&str> = some.iter().map(|rule| rule.name.as_str()).collect();
        let seconds: f64 = some.iter().map(|rule| rule.seconds).sum();
        let limit = Duration::from_secs_f64(60.0 + 5.0 * seconds);
        match run(asked, built, &names, limit, |c| _ = c.env("FUGUE_MUTANT", number.to_string())) {
            Ran::Passed => {}
            Ran::Failed(rule) => return End::Caught(rule),
            Ran::Died => return End::Caught("the end of the process".to_owned()),
            Ran::Late => return End::Caught("its time limit".to_owned()),
        }
    }
    End::Survived(rules.len())
}

#[derive(Debug)]
enum Ran {
    Passed,
    Failed(String),
    Died,
    Late,
}

/// Runs rules one after the other in a process, until one fails.
fn run(asked: &Asked, built: &Built, names: &[&str], limit: Duration, with: impl FnOnce(&mut Command)) -> Ran {
    let mut command = Command::new("prlimit");
    command.arg(format!("--as={ADDRESSES}")).arg(&built.binary).args(["--exact", "--test-threads", "1"]).args(names);
    let folder = asked.tree.join(&asked.package);
    let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
    command.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder).env("FUGUE_DEADLINE", "90").process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    with(&mut command);
    let Ok(mut child) = command.spawn() else { return Ran::Died };
    let (sender, receiver) = channel();
    if let Some(out) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(out).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
    }
    let until = Instant::now() + limit;
    let ran = loop {
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                if let Some(name) = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED")) {
                    break Ran::Failed(name.to_owned());
                }
            }
            Err(RecvTimeoutError::Timeout) => break Ran::Late,
            Err(RecvTimeoutError::Disconnected) => match child.wait() {
                Ok(status) if status.success() => return Ran::Passed,
                _ => break Ran::Died,
            },
        }
    };
    // With all that it started.
    let _ = Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status();
    let _ = child.wait();
    ran
}
