package table

import (
	"bytes"
	"io"
)

// Sizes of the runs of rows that are parsed at once. A chunk with its cells'
// positions should stay in a core's own cache, yet hold enough rows that the
// cost of a chunk's columns is spread.
const (
	minChunkBytes = 128 << 10
	maxChunkBytes = 16 << 20
	chunkRows     = 512
)

// span is a run of whole records.
type span struct {
	offset int64
	data   []byte
}

// splitter cuts an input into runs of whole records, in order, without looking
// at cells: a line end belongs to a cell exactly if the number of quotes before
// it is odd. That holds for every input that the parser accepts, and for the
// part of any other before its first fault.
type splitter struct {
	r         io.ReaderAt
	size      int64
	next      int64 // what has been read
	chunk     int   // bytes to read at a time
	maxRecord int   // a longer record is handed out unfinished
	rest      []byte
	inQuotes  bool // at the end of rest
}

// read returns the next run, in a new slice or in buf if that is large enough,
// and io.EOF after the last.
func (s *splitter) read(buf []byte) (span, error) {
	start := s.next - int64(len(s.rest))
	buf = append(buf[:0], s.rest...)
	s.rest = s.rest[:0]
	for {
		want := int(min(int64(s.chunk), s.size-s.next))
		if want == 0 {
			if len(buf) == 0 {
				return span{}, io.EOF
			}
			return span{start, buf}, nil
		}
		have := len(buf)
		if cap(buf) < have+want {
			grown := make([]byte, have, have+max(want, have/2))
			copy(grown, buf)
			buf = grown
		}
		buf = buf[:have+want]
		if err := readFull(s.r, buf[have:], s.next); err != nil {
			return span{}, err
		}
		s.next += int64(want)
		if bytes.Count(buf[have:], quote)%2 == 1 {
			s.inQuotes = !s.inQuotes
		}
		end := lastRecordEnd(buf, have, s.inQuotes)
		if end == 0 && len(buf) <= s.maxRecord {
			continue
		}
		if end == 0 {
			// The parser will say what is wrong with a record this long.
			s.next = s.size
			return span{start, buf}, nil
		}
		s.rest = append(s.rest, buf[end:]...)
		return span{start, buf[:end]}, nil
	}
}

var quote = []byte{'"'}

// lastRecordEnd returns the position after the last line end of buf[from:] that
// lies outside quotes, given whether buf ends inside them; 0 if there is none.
func lastRecordEnd(buf []byte, from int, inQuotes bool) int {
	for end := len(buf); end > from; {
		i := bytes.LastIndexByte(buf[from:end], '\n')
		if i < 0 {
			return 0
		}
		i += from
		if bytes.Count(buf[i:end], quote)%2 == 1 {
			inQuotes = !inQuotes
		}
		if !inQuotes {
			return i + 1
		}
		end = i
	}
	return 0
}
