//! Where a child's output goes, and the threads that read it.

use std::io::{self, BufReader, PipeReader, Read};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::mpsc;

use crate::lines::read_line;
use crate::{Line, Stream};

/// One of the child's two outputs, to read.
pub(super) enum Output {
    /// Memory that the child writes to as to a file. It is there for as long as the child has it open, so a child
    /// does not notice that its reader is gone.
    #[cfg(target_os = "linux")]
    Memory(std::fs::File),
    /// Where there is no such memory. When the reader is gone, the child gets SIGPIPE at its next line.
    Pipe(PipeReader),
}

impl Output {
    /// An output, and what the child is given as its end of it.
    pub(super) fn new() -> io::Result<(Self, Stdio)> {
        #[cfg(target_os = "linux")]
        if let Ok(memory) = rustix::fs::memfd_create("output", rustix::fs::MemfdFlags::CLOEXEC) {
            let memory = std::fs::File::from(memory);
            let writer = Stdio::from(memory.try_clone()?);
            return Ok((Self::Memory(memory), writer));
        }
        let (reader, writer) = io::pipe()?;
        Ok((Self::Pipe(reader), Stdio::from(writer)))
    }
}

/// The threads that read the child's output.
pub(super) struct Readers {
    sender: mpsc::Sender<Line>,
    line_limit: usize,
    ended: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Readers {
    pub(super) fn new(sender: mpsc::Sender<Line>, line_limit: usize) -> Self {
        Self {
            sender,
            line_limit,
            ended: Arc::default(),
            threads: Vec::new(),
        }
    }

    /// Sends each line of `output`, to its end. A pipe ends when all who write to it have closed it, memory when
    /// [`child_ended`](Self::child_ended) was called.
    pub(super) fn start(&mut self, output: Output, stream: Stream) {
        let sender = self.sender.clone();
        let line_limit = self.line_limit;
        let ended = Arc::clone(&self.ended);
        self.threads.push(thread::spawn(move || match output {
            #[cfg(target_os = "linux")]
            Output::Memory(memory) => forward(
                memory::Follower::new(memory, ended),
                stream,
                &sender,
                line_limit,
            ),
            Output::Pipe(pipe) => {
                drop(ended);
                forward(pipe, stream, &sender, line_limit);
            }
        }));
    }

    /// Says that nothing will be written any more.
    pub(super) fn child_ended(self) {
        self.ended.store(true, Ordering::SeqCst);
        for thread in &self.threads {
            thread.thread().unpark();
        }
    }
}

fn forward(output: impl Read, stream: Stream, sender: &mpsc::Sender<Line>, line_limit: usize) {
    let mut reader = BufReader::with_capacity(64 * 1024, output);
    // What cannot be read any more is as good as at its end.
    while let Ok(Some(line)) = read_line(&mut reader, line_limit) {
        // When nobody listens the output is still read to its end: see `ProcessRunner`.
        let _ = sender.blocking_send(Line {
            stream,
            text: line.text,
            truncated: line.truncated,
        });
    }
}

#[cfg(target_os = "linux")]
mod memory {
    use std::fs::File;
    use std::io::{self, Read};
    use std::os::unix::fs::FileExt;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;

    use rustix::fs::{FallocateFlags, fallocate};

    /// What is read is given back in pieces of this size.
    const PIECE: u64 = 1024 * 1024;

    /// The longest pause between two looks. A person does not notice it, and it costs nothing that can be measured.
    const LONGEST_PAUSE: Duration = Duration::from_millis(20);

    /// Reads a file that grows, until it is said to be complete.
    pub(super) struct Follower {
        file: File,
        /// The reader's own place: that of the file is the writer's.
        offset: u64,
        released: u64,
        ended: Arc<AtomicBool>,
    }

    impl Follower {
        pub(super) fn new(file: File, ended: Arc<AtomicBool>) -> Self {
            Self {
                file,
                offset: 0,
                released: 0,
                ended,
            }
        }

        /// Gives back the memory of what was read.
        fn release(&mut self) {
            let pieces = (self.offset - self.released) / PIECE;
            if pieces > 0 {
                let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
                // Without it more memory is used, and nothing else happens.
                let _ = fallocate(&self.file, flags, self.released, pieces * PIECE);
                self.released += pieces * PIECE;
            }
        }
    }

    impl Read for Follower {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut pause = Duration::from_millis(1);
            loop {
                // Looked at before the file is, so that nothing which was written before the end is missed.
                let ended = self.ended.load(Ordering::SeqCst);
                let count = self.file.read_at(buffer, self.offset)?;
                if count > 0 {
                    self.offset += count as u64;
                    self.release();
                    return Ok(count);
                }
                if ended {
                    return Ok(0);
                }
                thread::park_timeout(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::io::Write;

        #[test]
        fn what_is_written_is_read_until_it_is_complete() {
            let memory = rustix::fs::memfd_create("test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
            let file = File::from(memory);
            let mut writer = file.try_clone().unwrap();
            let ended = Arc::new(AtomicBool::new(false));
            let mut follower = Follower::new(file, Arc::clone(&ended));
            let reader = thread::spawn(move || {
                let mut read = Vec::new();
                follower
                    .read_to_end(&mut read)
                    .map(|_| (read, follower.released))
            });
            let mut written = Vec::new();
            for number in 0..50_u8 {
                let part = vec![number; 100_000];
                writer.write_all(&part).unwrap();
                written.extend(part);
                thread::sleep(Duration::from_millis(1));
            }
            ended.store(true, Ordering::SeqCst);
            let (read, released) = reader.join().unwrap().unwrap();
            assert!(read == written);
            assert_eq!(released, 4 * PIECE, "of almost five");
            assert!(
                std::os::unix::fs::MetadataExt::blocks(&writer.metadata().unwrap()) * 512
                    < 2 * PIECE
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_pipe_ends_with_its_last_writer() {
        let (reader, mut writer) = io::pipe().unwrap();
        let (sender, mut lines) = mpsc::channel(16);
        let mut readers = Readers::new(sender, 100);
        readers.start(Output::Pipe(reader), Stream::Stderr);
        writer.write_all(b"one\ntwo").unwrap();
        readers.child_ended();
        assert_eq!(lines.blocking_recv().unwrap().text, "one");
        writer.write_all(b" more").unwrap();
        drop(writer);
        assert_eq!(lines.blocking_recv().unwrap().text, "two more");
        assert!(lines.blocking_recv().is_none());
    }
}
