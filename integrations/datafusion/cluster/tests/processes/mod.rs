//! The processes of a cluster, which end with the test.

use anyhow::{Result, ensure};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tempfile::{NamedTempFile, TempDir};

/// No query here takes longer.
const PATIENCE: Duration = Duration::from_secs(400);

pub struct Process {
    child: Child,
    /// What it says: a file, because a pipe that nobody reads would stop it.
    said: NamedTempFile,
}

pub struct Executor {
    process: Process,
    work: PathBuf,
    /// As its errors name it.
    pub name: String,
}

pub struct Cluster {
    _scheduler: Process,
    pub executors: Vec<Executor>,
    /// As HOST:PORT.
    pub scheduler: String,
    _folder: TempDir,
}

/// How a process ended.
pub struct Ended {
    succeeded: bool,
    said: String,
}

impl Process {
    pub fn started(arguments: &[&str]) -> Result<Process> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gpu-activations-cluster"));
        let said = NamedTempFile::new()?;
        Ok(Process { child: command.args(arguments).stderr(said.reopen()?).spawn()?, said })
    }

    pub fn finished(mut self) -> Result<Ended> {
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(begun.elapsed() < PATIENCE, "the query does not end: {}", self.said()?);
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Ended { succeeded: self.child.wait()?.success(), said: self.said()? })
    }

    fn said(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.said)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    pub fn expect_success(self) -> Result<()> {
        ensure!(self.succeeded, "the query failed: {}", self.said);
        Ok(())
    }

    /// What it said.
    pub fn expect_failure(self) -> Result<String> {
        ensure!(!self.succeeded, "the query succeeded");
        Ok(self.said)
    }
}

impl Executor {
    pub fn kill(&mut self) -> Result<()> {
        self.process.child.kill()?;
        self.process.child.wait()?;
        Ok(())
    }
}

impl Cluster {
    /// How many results of partitions lie in the executors' folders.
    pub fn results(&self) -> usize {
        self.executors.iter().map(|executor| files(&executor.work)).sum()
    }

    /// An executor for each list of further arguments.
    pub fn started(executors: &[Vec<&str>]) -> Result<Cluster> {
        Cluster::started_with(executors, &[])
    }

    /// As `started`, with further arguments for all.
    pub fn started_with(executors: &[Vec<&str>], all: &[&str]) -> Result<Cluster> {
        let folder = TempDir::new()?;
        let host = Ipv4Addr::LOCALHOST;
        let port = free_port(host)?;
        let own = ["scheduler", "--port", &port.to_string(), "--timeout", "10"];
        let process = Process::started(&[&own, all].concat())?;
        answers(host, port)?;
        let scheduler = format!("{host}:{port}");
        let executor = |(index, further): (usize, &Vec<&str>)| -> Result<Executor> {
            let host = Ipv4Addr::new(127, 0, 0, 2 + u8::try_from(index)?);
            let port = free_port(host)?;
            let work = folder.path().join(index.to_string());
            std::fs::create_dir(&work)?;
            let own = [
                "executor",
                "--scheduler",
                &scheduler,
                "--bind",
                &host.to_string(),
                "--port",
                &port.to_string(),
                "--work",
                &work.to_string_lossy(),
                "--slots",
                "1",
            ];
            let process = Process::started(&[&own, all, further].concat())?;
            answers(host, port)?;
            Ok(Executor { process, work, name: format!("executor {host}:{port}") })
        };
        let executors = executors.iter().enumerate().map(executor).collect::<Result<Vec<_>>>()?;
        Ok(Cluster { _scheduler: process, executors, scheduler, _folder: folder })
    }
}

fn free_port(host: Ipv4Addr) -> Result<u16> {
    Ok(TcpListener::bind((host, 0))?.local_addr()?.port())
}

/// Waits until something listens.
fn answers(host: Ipv4Addr, port: u16) -> Result<()> {
    let begun = Instant::now();
    while TcpStream::connect((host, port)).is_err() {
        ensure!(begun.elapsed() < Duration::from_secs(60), "nothing listens on {host}:{port}");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}
