//! Queries in SQL over frames, planned by DataFusion.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, SchemaProvider, TableProvider,
};
use datafusion::datasource::ViewTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Query, Select, Statement as SqlStatement, TableFactor, Visit, Visitor};
use fugue_core::{Error, ErrorKind, Result};

use crate::error::from_native;
use crate::frame::DataFusionFrame;

/// Plans a query over frames and whatever tables the session knows. Nothing runs.
///
/// # Errors
/// `SqlInvalid` for what is no query, or names what is not there; `SchemaInvalid` for a result that is not portable.
pub(crate) async fn query(state: SessionState, query: &str, frames: Vec<(String, DataFusionFrame)>) -> Result<DataFusionFrame> {
    let mut state = over(state, frames);
    // Names are case sensitive everywhere in this library.
    state.config_mut().options_mut().sql_parser.enable_ident_normalization = false;
    let dialect = state.config().options().sql_parser.dialect;
    let statement = state.sql_to_statement(query, &dialect).map_err(invalid)?;
    only_queries(&statement)?;
    let plan = state.statement_to_plan(statement).await.map_err(invalid)?;
    DataFusionFrame::from_plan(plan)
}

/// What DataFusion finds wrong in a query is a matter of the query.
fn invalid(error: DataFusionError) -> Error {
    match error.find_root() {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_) => Error::new(ErrorKind::SqlInvalid, error.strip_backtrace()).with_source(error),
        _ => from_native(error),
    }
}

/// Refuses what is no query, and what DataFusion would read and then not do.
fn only_queries(statement: &Statement) -> Result<()> {
    let refuse = |message: &str| Err(Error::new(ErrorKind::SqlInvalid, message));
    let Statement::Statement(statement) = statement else {
        return refuse("only queries (SELECT, WITH, VALUES) are answered here");
    };
    let SqlStatement::Query(query) = &**statement else { return refuse("only queries (SELECT, WITH, VALUES) are answered here") };
    match query.visit(&mut Unread) {
        ControlFlow::Break(message) => refuse(message),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Looks for clauses that DataFusion reads over.
struct Unread;

impl Visitor for Unread {
    type Break = &'static str;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        if !query.locks.is_empty() {
            return ControlFlow::Break("FOR UPDATE and FOR SHARE are not answered: a query locks nothing; leave them out");
        }
        if query.for_clause.is_some() || query.settings.is_some() || query.format_clause.is_some() {
            return ControlFlow::Break("FOR XML, FOR JSON, SETTINGS and FORMAT are not answered; leave them out");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        match select.into {
            Some(_) => ControlFlow::Break("SELECT … INTO is not answered: a query makes no tables; save or persist its result"),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Self::Break> {
        match table {
            TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => {
                ControlFlow::Break("TABLESAMPLE is not answered; take the sample of the frame before the query")
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The session with frames as tables before its own, which it shares with others and which stay as they are.
fn over(state: SessionState, frames: Vec<(String, DataFusionFrame)>) -> SessionState {
    let (catalog_name, schema_name) = {
        let options = &state.config().options().catalog;
        (options.default_catalog.clone(), options.default_schema.clone())
    };
    let own = frames.into_iter().map(|(name, frame)| -> (String, Arc<dyn TableProvider>) {
        (name, Arc::new(ViewTable::new(frame.plan().clone(), None)))
    });
    let below = state.catalog_list().catalog(&catalog_name);
    let schema = Arc::new(Frames { own: own.collect(), below: below.as_ref().and_then(|c| c.schema(&schema_name)) });
    let catalog = MemoryCatalogProvider::new();
    for name in below.iter().flat_map(|c| c.schema_names()) {
        if let Some(other) = below.as_ref().and_then(|c| c.schema(&name)) {
            // A new catalog in memory takes every schema.
            let _ = catalog.register_schema(&name, other);
        }
    }
    let _ = catalog.register_schema(&schema_name, schema);
    let catalogs = MemoryCatalogProviderList::new();
    for name in state.catalog_list().catalog_names() {
        if let Some(other) = state.catalog_list().catalog(&name) {
            catalogs.register_catalog(name, other);
        }
    }
    catalogs.register_catalog(catalog_name, Arc::new(catalog));
    SessionStateBuilder::new_from_existing(state).with_catalog_list(Arc::new(catalogs)).build()
}

/// Frames by their names, before the tables of a schema.
#[derive(Debug)]
struct Frames {
    own: HashMap<String, Arc<dyn TableProvider>>,
    below: Option<Arc<dyn SchemaProvider>>,
}

#[async_trait]
impl SchemaProvider for Frames {
    fn table_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.own.keys().cloned().chain(self.below.iter().flat_map(|b| b.table_names())).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    async fn table(&self, name: &str) -> datafusion::common::Result<Option<Arc<dyn TableProvider>>> {
        match (self.own.get(name), &self.below) {
            (Some(frame), _) => Ok(Some(Arc::clone(frame))),
            (None, Some(below)) => below.table(name).await,
            (None, None) => Ok(None),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.own.contains_key(name) || self.below.as_ref().is_some_and(|b| b.table_exist(name))
    }
}
