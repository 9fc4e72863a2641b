package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/parquet-go/parquet-go"
)

// spillHead is how much of a row group stays in memory, 4 MB: of most tables, all.
const spillHead = 4 << 20

// spill keeps the encoded pages of a row group, which stand column by column in a
// file but come a page of each column at a time. The first of them are in memory, the
// others in a file that is made when it is needed. It is emptied when the last of its
// buffers is given back.
type spill struct {
	dir  string
	keep int // bytes in memory

	mu   sync.Mutex
	head []byte
	file *os.File
	name string // of the file, where it could not be removed while it is open
	end  int64
	open int
}

// GetBuffer implements [parquet.BufferPool].
func (s *spill) GetBuffer() io.ReadWriteSeeker {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return &spillBuffer{spill: s}
}

// PutBuffer implements [parquet.BufferPool].
func (s *spill) PutBuffer(io.ReadWriteSeeker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open--; s.open == 0 {
		s.head, s.end = s.head[:0], 0
	}
}

// append writes p behind all that was written, and tells where that is.
func (s *spill) append(p []byte) (at int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at = s.end
	n := max(0, min(len(p), s.keep-len(s.head)))
	s.head = append(s.head, p[:n]...)
	if n < len(p) {
		if err := s.writeAt(p[n:], at+int64(n-s.keep)); err != nil {
			return 0, fmt.Errorf("keep a row group's pages until they are written: %w", err)
		}
	}
	s.end += int64(len(p))
	return at, nil
}

// writeAt writes to the file. It has no name any more where the system allows that, so
// that nothing is left of it when the process is killed.
func (s *spill) writeAt(p []byte, at int64) error {
	if s.file == nil {
		file, err := os.CreateTemp(s.dir, "rowgroup-")
		if err != nil {
			return err
		}
		if s.file = file; os.Remove(file.Name()) != nil {
			s.name = file.Name()
		}
	}
	_, err := s.file.WriteAt(p, at)
	return err
}

// readAt reads what was written at a place.
func (s *spill) readAt(p []byte, at int64) (int, error) {
	if at < int64(s.keep) {
		return copy(p, s.head[at:]), nil
	}
	return s.file.ReadAt(p, at-int64(s.keep))
}

// close removes the file.
func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.name != "" {
		err = errors.Join(err, os.Remove(s.name))
	}
	s.file, s.name = nil, ""
	return err
}

// spillBuffer is what one column wrote: pieces of a spill, one behind the other.
type spillBuffer struct {
	spill  *spill
	pieces []spillPiece
	piece  int   // that is read next
	offset int64 // in it
}

type spillPiece struct{ at, size int64 }

// Write implements [io.Writer]: it appends, wherever was read.
func (b *spillBuffer) Write(p []byte) (int, error) {
	at, err := b.spill.append(p)
	if err != nil {
		return 0, err
	}
	if n := len(b.pieces); n > 0 && b.pieces[n-1].at+b.pieces[n-1].size == at {
		b.pieces[n-1].size += int64(len(p))
	} else {
		b.pieces = append(b.pieces, spillPiece{at, int64(len(p))})
	}
	return len(p), nil
}

// Read implements [io.Reader].
func (b *spillBuffer) Read(p []byte) (int, error) {
	for b.piece < len(b.pieces) {
		of := b.pieces[b.piece]
		if b.offset == of.size {
			b.piece, b.offset = b.piece+1, 0
			continue
		}
		n, err := b.spill.readAt(p[:min(int64(len(p)), of.size-b.offset)], of.at+b.offset)
		b.offset += int64(n)
		return n, err
	}
	return 0, io.EOF
}

// Seek implements [io.Seeker] for the begin, which is all that the library asks for.
func (b *spillBuffer) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("pages that wait for their row group are read from their begin only")
	}
	b.piece, b.offset = 0, 0
	return 0, nil
}

var _ parquet.BufferPool = (*spill)(nil)
