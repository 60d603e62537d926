//! Carrying an import on, from its place in the file to the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::prepare::{Chunk, Heading, Reading, SourceError};
use super::roster::{self, Seen};
use super::write::{WriteError, Writer};
use super::{Counts, ImportStatus, Job, store};
use crate::app::App;
use crate::custodian::feeds;
use crate::db::{ScopedTx, StoreError};
use crate::imports::fields::Kind;
use crate::imports::mapping::Mapping;
use crate::imports::spool::Spooled;
use crate::log::{self, Event};
use crate::types::actor::Tenant;
use crate::types::{Actor, Role, Side};

/// Why an import did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("reading the file stopped: {0}")]
    Stopped(String),
}

impl RunError {
    /// Does it say nothing against the file?
    fn may_pass(&self) -> bool {
        match self {
            Self::Write(WriteError::NotOurs) => true,
            Self::Write(error) => error.is_outage(),
            Self::Store(error) => error.is_outage(),
            Self::Source(_) | Self::Stopped(_) => false,
        }
    }
}

/// An import that this process carries on.
pub struct Import<'a> {
    app: &'a App,
    agency: Tenant,
    actor: Actor,
    pub job: Job,
    spooled: Arc<Spooled>,
}

impl<'a> Import<'a> {
    /// Takes a job, if nobody holds it.
    pub async fn take(app: &'a App, agency: Tenant, id: Uuid) -> Result<Option<Self>, StoreError> {
        let service = crate::custodian::readers::service(agency.clone());
        let mut tx = ScopedTx::for_party(&app.pools.custodian, service).await?;
        let Some(job) = store::claim(&mut tx, id, app.clock.now()).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        let spooled = store::file(&mut tx, &app.vault, id).await?;
        tx.commit().await?;
        Ok(Some(Self::new(app, agency, job, spooled)))
    }

    /// A job whose file lies on this machine.
    pub fn new(app: &'a App, agency: Tenant, job: Job, spooled: Spooled) -> Self {
        let actor = Actor {
            side: Side::Custodian,
            role: Role::parse(&job.role).unwrap_or(Role::Submitter),
            agency: Some(agency.clone()),
            office: None,
            jurisdiction: None,
            credential: job.credential.clone(),
            name: job.started_by.clone(),
        };
        Self {
            app,
            agency,
            actor,
            job,
            spooled: Arc::new(spooled),
        }
    }

    async fn begin(&self) -> Result<ScopedTx<'static>, StoreError> {
        ScopedTx::for_party(&self.app.pools.custodian, self.actor.clone()).await
    }

    fn reading(&self) -> Result<Reading, String> {
        let mapping = self
            .job
            .mapping_text
            .as_deref()
            .map(Mapping::read)
            .transpose();
        Ok(Reading {
            kind: self.job.kind,
            mapping: mapping.map_err(|error| error.to_string())?,
            own: self.agency.code.clone(),
            zone: self.agency.time_zone.parse().unwrap_or(chrono_tz::UTC),
            now: self.app.clock.now(),
            feed: self.job.feed.clone(),
            vault: self.app.vault.clone(),
        })
    }

    /// Takes the file in, from the job's place to its end; `progress` is called after each chunk. What cannot be read
    /// on, or fails in a way that no retry mends, fails the import and is no error here.
    ///
    /// # Errors
    /// An outage, after which the same is tried again; and an import that is another process's now.
    pub async fn carry_on(&mut self, progress: impl FnMut(&Counts)) -> Result<(), RunError> {
        match self.go_on(progress).await {
            Err(error) if !error.may_pass() => {
                // The cause may speak of a row; it is for whoever runs the service.
                tracing::error!(import = %self.job.id, error = %error, "an import failed");
                let says = "The service failed at this file; its operator finds the cause in the service's log.";
                self.end(ImportStatus::Failed, Some(says), None).await
            }
            other => other,
        }
    }

    async fn go_on(&mut self, mut progress: impl FnMut(&Counts)) -> Result<(), RunError> {
        let reading = match self.reading() {
            Ok(reading) => Arc::new(reading),
            Err(problem) => return self.end(ImportStatus::Failed, Some(&problem), None).await,
        };
        let heading = match self
            .spooled
            .open()
            .map_err(SourceError::from)
            .and_then(|file| reading.look(file))
        {
            Ok(heading) => heading,
            Err(error) => {
                return self
                    .end(ImportStatus::Failed, Some(&error.to_string()), None)
                    .await;
            }
        };
        if !self.job.confirmed
            && self.job.next_ordinal == 1
            && let Some(question) = self.doubt(&reading, &heading).await?
        {
            let mut tx = self.begin().await?;
            store::wait(&mut tx, self.job.id, &question).await?;
            tx.commit().await?;
            self.job.status = ImportStatus::Waiting;
            self.job.problem = Some(question);
            return Ok(());
        }
        match self.take_in(reading, heading, &mut progress).await? {
            Ok(warnings) => self.end(ImportStatus::Done, None, Some(warnings)).await,
            Err(error) => {
                self.end(ImportStatus::Failed, Some(&error.to_string()), None)
                    .await
            }
        }
    }

    async fn take_in(
        &mut self,
        reading: Arc<Reading>,
        heading: Heading,
        progress: &mut impl FnMut(&Counts),
    ) -> Result<Result<BTreeMap<String, u64>, SourceError>, RunError> {
        let seen = self.job.roster.then(Seen::default);
        let mut writer = Writer {
            app: self.app,
            actor: self.actor.clone(),
            job: self.job.clone(),
            heading,
            seen,
        };
        let (mut chunks, reader) = read(&reading, &self.spooled)?;
        while let Some(chunk) = chunks.recv().await {
            writer.chunk(chunk).await?;
            self.job = writer.job.clone();
            progress(&self.job.counts);
        }
        let read = reader
            .await
            .map_err(|error| RunError::Stopped(error.to_string()))?;
        if let (Ok(_), Some(seen), Some(feed)) = (&read, &writer.seen, self.job.feed.clone()) {
            let mut tx = self.begin().await?;
            let missing = roster::keep(&mut tx, &feed, seen, self.app.clock.now()).await?;
            tx.commit().await?;
            return Ok(read.map(|mut warnings| {
                warnings.extend(told_missing(&missing));
                warnings
            }));
        }
        Ok(read)
    }

    /// Reads the file once without writing: would it empty the jail?
    async fn doubt(
        &self,
        reading: &Arc<Reading>,
        heading: &Heading,
    ) -> Result<Option<String>, RunError> {
        if !self.job.roster && !heading.may_release(self.job.kind) {
            return Ok(None);
        }
        let file = self.spooled.open().map_err(SourceError::from)?;
        let read = {
            let reading = reading.clone();
            tokio::task::spawn_blocking(move || reading.sweep(file))
        };
        // A file that breaks off is told of when it is taken in.
        let Ok(sweep) = read
            .await
            .map_err(|error| RunError::Stopped(error.to_string()))?
        else {
            return Ok(None);
        };
        if sweep.left.is_empty() && !self.job.roster {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        let feed = self.job.feed.clone().unwrap_or_default();
        let question = roster::doubt(&mut tx, &feed, self.job.roster, &sweep).await?;
        tx.rollback().await?;
        Ok(question)
    }

    async fn end(
        &mut self,
        status: ImportStatus,
        problem: Option<&str>,
        warnings: Option<BTreeMap<String, u64>>,
    ) -> Result<(), RunError> {
        let now = self.app.clock.now();
        let mut tx = self.begin().await?;
        if !store::end(
            &mut tx,
            self.job.id,
            status,
            problem,
            warnings.as_ref(),
            now,
        )
        .await?
        {
            return Err(WriteError::NotOurs.into());
        }
        let counts = &self.job.counts;
        let event = Event::new("import.ended", now, tx.actor())
            .subject("import", self.job.id)
            .data("status", status.as_str())
            .data("read", counts.read)
            .data("accepted", counts.accepted)
            .data("unchanged", counts.unchanged)
            .data("rejected", counts.rejected);
        if let Some(feed) = &self.job.feed {
            // A feed's notices are counted where the log is read.
            let rows = match self.job.kind {
                Kind::ReleaseNotices => 0,
                _ => counts.accepted + counts.unchanged,
            };
            feeds::seen(&mut tx, feed, rows as i64, counts.rejected as i64, 0, now).await?;
        }
        log::append(&mut tx, vec![event]).await?;
        tx.commit().await?;
        self.app.hub.committed();
        self.job.status = status;
        self.job.problem = problem.map(str::to_owned);
        self.job.finished_at = Some(now);
        self.job.warnings = warnings.unwrap_or_default();
        Ok(())
    }
}

/// Who is missing from a roster, in words, and how many; a row that was rejected names nobody.
fn told_missing(numbers: &[String]) -> Option<(String, u64)> {
    const LISTED: usize = 50;
    let more = match numbers.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let listed = numbers[..numbers.len().min(LISTED)].join(", ");
    let told = format!("in custody by the last file and missing from this one: {listed}{more}");
    (!numbers.is_empty()).then_some((told, numbers.len() as u64))
}

type Chunks = (
    mpsc::Receiver<Chunk>,
    tokio::task::JoinHandle<Result<BTreeMap<String, u64>, SourceError>>,
);

/// Reads beside the writing, two chunks ahead at most.
fn read(reading: &Arc<Reading>, spooled: &Spooled) -> Result<Chunks, SourceError> {
    let file: File = spooled.open()?;
    let (sender, chunks) = mpsc::channel(2);
    let reading = reading.clone();
    Ok((
        chunks,
        tokio::task::spawn_blocking(move || reading.read(file, &sender)),
    ))
}
