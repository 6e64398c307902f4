//! Which faults there are: places in the source of a package, and what could stand there instead.

use std::ops::Range;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, UnOp};

use crate::value;

/// A fault that can be switched on.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// File, function and change: the same as long as the code there is.
    pub name: String,
    pub file: PathBuf,
    pub change: Change,
}

#[derive(Clone, Debug)]
pub enum Change {
    /// This expression is another.
    Instead { of: Range<usize>, text: String },
    /// The function returns at once.
    Returns { at: usize, text: String },
    /// The arm of a match is not taken.
    NotTaken { at: usize },
}

/// All faults of a package, file by file.
pub fn of_package(package: &Path) -> Result<Vec<Mutant>, String> {
    let mut files = Vec::new();
    sources(&package.join("src"), &mut files)?;
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let parsed = syn::parse_file(&text).map_err(|e| format!("{}: {e}", file.display()))?;
        let short = file.strip_prefix(package).unwrap_or(&file).display().to_string();
        let mut found = Found { text: &text, file: &file, short, path: Vec::new(), all: &mut all };
        found.visit_file(&parsed);
    }
    // The same change may stand twice in a function.
    let mut seen = std::collections::HashMap::new();
    for mutant in &mut all {
        let count: &mut usize = seen.entry(mutant.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            mutant.name = format!("{} #{count}", mutant.name);
        }
    }
    Ok(all)
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, files)?;
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
    Ok(())
}

struct Found<'a> {
    text: &'a str,
    file: &'a Path,
    short: String,
    path: Vec<String>,
    all: &'a mut Vec<Mutant>,
}

impl Found<'_> {
    fn add(&mut self, what: &str, change: Change) {
        let name = format!("{} {}: {what}", self.short, self.path.join("::"));
        self.all.push(Mutant { name, file: self.file.to_owned(), change });
    }

    fn source(&self, node: &impl Spanned) -> &str {
        &self.text[node.span().byte_range()]
    }

    fn instead(&mut self, node: &Expr, text: String) {
        let what = format!("`{}` is `{}`", line(self.source(node)), line(&text));
        self.add(&what, Change::Instead { of: node.span().byte_range(), text });
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        // What is constant cannot ask the environment.
        if signature.constness.is_some() {
            return;
        }
        self.path.push(signature.ident.to_string());
        if !body.stmts.is_empty() {
            let at = body.brace_token.span.open().byte_range().end;
            for text in value::others(&signature.output) {
                // A body that says just that already.
                if body.stmts.len() == 1 && line(self.source(&body.stmts[0])) == line(&text) {
                    continue;
                }
                self.add(&format!("returns {}", if text.is_empty() { "at once" } else { &text }), Change::Returns { at, text });
            }
        }
        visit::visit_block(self, body);
        self.path.pop();
    }
}

/// Whether an item is there for tests alone.
fn of_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|a| a.path().is_ident("test") || a.path().is_ident("cfg") && a.meta.to_token_stream().to_string().contains("test"))
}

impl<'ast> Visit<'ast> for Found<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !of_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !of_tests(&item.attrs) {
            self.function(&item.sig, &item.block);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = item.trait_.as_ref().map(|(_, path, _)| path.segments.last().map_or_else(String::new, |s| s.ident.to_string()));
        // How something looks to those who mend this program is no part of the contract.
        if of_tests(&item.attrs) || of.as_deref() == Some("Debug") {
            return;
        }
        let ty = item.self_ty.to_token_stream().to_string().replace(' ', "");
        self.path.push(of.map_or_else(|| ty.clone(), |of| format!("<{ty} as {of}>")));
        visit::visit_item_impl(self, item);
        self.path.pop();
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !of_tests(&item.attrs) {
            self.function(&item.sig, &item.block);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.function(&item.sig, body);
        }
    }

    // Constants and types are worked out before the program runs.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Binary(binary) => {
                let lets = has_let(&binary.left) || has_let(&binary.right);
                for other in if lets { &[] } else { others(&binary.op) } {
                    let text = format!("({}) {other} ({})", self.source(&binary.left), self.source(&binary.right));
                    self.instead(expr, text);
                }
            }
            Expr::Unary(unary) if !matches!(unary.op, UnOp::Deref(_)) => {
                let text = self.source(&unary.expr).to_owned();
                self.instead(expr, text);
            }
            Expr::Match(of) => {
                let rest = of.arms.iter().any(|arm| matches!(arm.pat, syn::Pat::Wild(_)) && arm.guard.is_none());
                for arm in &of.arms {
                    let pattern = line(self.source(&arm.pat));
                    match &arm.guard {
                        Some((_, guard)) if !has_let(guard) => {
                            self.instead(guard, "true".to_owned());
                            self.instead(guard, "false".to_owned());
                        }
                        None if rest && !matches!(arm.pat, syn::Pat::Wild(_)) => {
                            let at = arm.pat.span().byte_range().end;
                            self.add(&format!("no arm `{pattern}`"), Change::NotTaken { at });
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        visit::visit_expr(self, expr);
    }
}

/// Whether a condition binds names, which only stands in conditions.
fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

/// The operators that could stand in the place of one.
fn others(op: &BinOp) -> &'static [&'static str] {
    match op {
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::Lt(_) => &["==", ">", "<="],
        BinOp::Gt(_) => &["==", "<", ">="],
        BinOp::Le(_) => &[">", "<"],
        BinOp::Ge(_) => &["<", ">"],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-", "*"],
        BinOp::Sub(_) => &["+", "/"],
        BinOp::Mul(_) => &["+", "/"],
        BinOp::Div(_) | BinOp::Rem(_) => &["*", "+"],
        BinOp::BitAnd(_) => &["|"],
        BinOp::BitOr(_) => &["&"],
        BinOp::BitXor(_) => &["|"],
        BinOp::Shl(_) => &[">>"],
        BinOp::Shr(_) => &["<<"],
        BinOp::AddAssign(_) => &["-=", "*="],
        BinOp::SubAssign(_) => &["+=", "/="],
        BinOp::MulAssign(_) => &["+=", "/="],
        BinOp::DivAssign(_) | BinOp::RemAssign(_) => &["*=", "+="],
        BinOp::BitAndAssign(_) => &["|="],
        BinOp::BitOrAssign(_) => &["&="],
        _ => &[],
    }
}

/// Source text on one line, cut where it gets long.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= 100 { line } else { format!("{}…", line.chars().take(99).collect::<String>()) }
}
