package table

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// csvReader reads one delimited text.
type csvReader struct {
	opts      ReadOptions
	r         io.ReaderAt
	delimiter byte
	names     []string // of all columns
	picked    []int    // the columns to read
	nulls     *nullSet
	chunks    []*csvChunk // in the input's order
}

// csvChunk is what came of one run of records. Positions in err count from the
// chunk's own beginning.
type csvChunk struct {
	offset int64
	length int
	lines  int
	rows   int
	pieces []piece // by position in picked
	err    error
}

func readCSV(ctx context.Context, r io.ReaderAt, size int64, opts ReadOptions) (*Table, error) {
	delimiter, err := opts.Format.delimiter(opts.Delimiter)
	if err != nil {
		return nil, opts.wrap(err)
	}
	c := &csvReader{opts: opts, r: r, delimiter: delimiter, nulls: newNullSet(opts.NullValues)}
	split := &splitter{r: r, size: size, chunk: cmp.Or(opts.chunkBytes, minChunkBytes), maxRecord: 2*opts.MaxCellBytes + minChunkBytes}
	first, blank, err := firstRecords(split)
	if errors.Is(err, io.EOF) {
		return nil, &EmptyError{File: opts.Name}
	}
	if err != nil {
		return nil, opts.wrap(err)
	}
	body, head, err := c.readHeader(first)
	if err != nil {
		return nil, shift(err, 0, blank, first.offset)
	}
	head += blank
	if opts.chunkBytes == 0 {
		split.chunk = min(max(minChunkBytes, 8*chunkRows*len(c.names)), maxChunkBytes)
	}
	if err := c.parse(ctx, split, body); err != nil {
		return nil, err
	}
	if err := c.fault(head); err != nil {
		return nil, err
	}
	return c.join(ctx)
}

// firstRecords returns the first run that holds more than blank lines, without a
// byte order mark, and the number of blank lines in the runs before it.
func firstRecords(split *splitter) (first span, blank int, err error) {
	for {
		if first, err = split.read(nil); err != nil {
			return span{}, 0, err
		}
		if first.offset == 0 && bytes.HasPrefix(first.data, byteOrderMark) {
			first.data = first.data[len(byteOrderMark):]
			first.offset = int64(len(byteOrderMark))
		}
		pos := 0
		for pos < len(first.data) && lineEnd(first.data, pos) > 0 {
			pos += lineEnd(first.data, pos)
		}
		if pos < len(first.data) {
			return first, blank, nil
		}
		blank += bytes.Count(first.data, []byte{'\n'})
	}
}

// readHeader finds the columns' names and returns the first run without the
// header, with the number of lines that the header and blank ones before it
// take. Places in errors count from the run's beginning.
func (c *csvReader) readHeader(first span) (body span, lines int, err error) {
	data := first.data
	if len(data) >= 2 && (data[0] == 0xFF && data[1] == 0xFE || data[0] == 0xFE && data[1] == 0xFF) {
		return span{}, 0, &EncodingError{File: c.opts.Name, Line: 1, Byte: data[0], Hint: "it looks like UTF-16: convert it to UTF-8"}
	}
	t := newTokenizer(c.opts.Name, c.delimiter, 0, c.opts.MaxCellBytes)
	t.one = true
	if err := t.run(data); err != nil {
		if textErr := checkText(c.opts.Name, data); textErr != nil {
			err = textErr // not a text at all: its quotes do not matter
		}
		return span{}, 0, err
	}
	// Only the header's bytes: the rest is checked with its chunk.
	if err := checkText(c.opts.Name, data[:t.length]); err != nil {
		return span{}, 0, err
	}
	c.names = make([]string, len(t.cells))
	var scratch []byte
	for i, at := range t.cells {
		if c.opts.NoHeader {
			c.names[i] = "column_" + strconv.Itoa(i+1)
			continue
		}
		c.names[i] = string(at.bytes(data, &scratch))
		if j := bytes.IndexByte([]byte(c.names[i]), '\r'); j >= 0 && !at.quoted() {
			return span{}, 0, t.fault(data, int(at.start)+j, "a carriage return without a line feed; save the file with Unix or Windows line ends")
		}
	}
	if err := c.opts.checkHeader(c.names); err != nil {
		return span{}, 0, err
	}
	if c.picked, err = c.opts.pick(c.names); err != nil {
		return span{}, 0, err
	}
	if c.opts.NoHeader {
		return first, 0, nil
	}
	lines = bytes.Count(data[:t.length], []byte{'\n'})
	return span{first.offset + int64(t.length), data[t.length:]}, lines, nil
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

// numbered is a run of records with its place in the input's order.
type numbered struct {
	span
	chunk *csvChunk
}

// parse fills c.chunks. The one splitting goroutine hands runs to the workers in
// order and stops at the first fault, so that every run before a faulty one has
// been looked at and the first fault of the input can be told.
func (c *csvReader) parse(ctx context.Context, split *splitter, body span) error {
	work := make(chan numbered)
	free := make(chan []byte, c.opts.Workers+2)
	var failed atomic.Bool
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(work)
		for run := body; ; {
			chunk := &csvChunk{offset: run.offset, length: len(run.data)}
			c.chunks = append(c.chunks, chunk)
			select {
			case work <- numbered{run, chunk}:
			case <-ctx.Done():
				return c.opts.wrap(ctx.Err())
			}
			if failed.Load() {
				return nil
			}
			var buf []byte
			select {
			case buf = <-free:
			default:
			}
			var err error
			if run, err = split.read(buf); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return c.opts.wrap(err)
			}
		}
	})
	var rows atomic.Int64
	for range c.opts.Workers {
		group.Go(func() error {
			t := newTokenizer(c.opts.Name, c.delimiter, len(c.names), c.opts.MaxCellBytes)
			var columns csvColumns
			for run := range work {
				c.parseChunk(t, &columns, run)
				if run.chunk.err != nil {
					failed.Store(true)
				} else if rows.Add(int64(run.chunk.rows)) > c.opts.MaxRows {
					return &LimitError{File: c.opts.Name, What: "rows", Limit: c.opts.MaxRows}
				}
				select {
				case free <- run.data:
				default:
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// parseChunk finds the cells of a run and turns the picked columns into pieces.
func (c *csvReader) parseChunk(t *tokenizer, columns *csvColumns, run numbered) {
	chunk := run.chunk
	if chunk.err = c.cells(t, columns, run.span); chunk.err != nil {
		return
	}
	chunk.rows = t.rows
	chunk.lines = bytes.Count(run.data, []byte{'\n'})
	chunk.pieces = make([]piece, len(c.picked))
	firstBad := t.rows
	for k, j := range c.picked {
		kind, forced := c.opts.Types[c.names[j]]
		if !forced {
			chunk.pieces[k] = columns.infer(j)
			continue
		}
		p, bad := columns.force(j, kind)
		chunk.pieces[k] = p
		if bad >= 0 && bad < firstBad {
			firstBad = bad
			line, _ := position(run.data, int(t.cells[bad*t.columns+j].start&cellMask))
			chunk.err = &CellError{File: c.opts.Name, Row: bad + 1, Line: line, Column: c.names[j],
				Value: string(columns.text(bad, j)), Want: kind}
		}
	}
}

// cells points columns at the cells of a run.
func (c *csvReader) cells(t *tokenizer, columns *csvColumns, run span) error {
	if err := checkText(c.opts.Name, run.data); err != nil {
		return err
	}
	if err := t.run(run.data); err != nil {
		return err
	}
	*columns = csvColumns{data: run.data, cells: t.cells, columns: t.columns, rows: t.rows,
		nullSet: c.nulls, scratch: columns.scratch}
	return nil
}

// fault returns the first error of the input with its place in the whole input;
// head is the number of lines before the first chunk.
func (c *csvReader) fault(head int) error {
	rows, lines := 0, head
	for _, chunk := range c.chunks {
		if chunk.err != nil {
			return shift(chunk.err, rows, lines, chunk.offset)
		}
		rows += chunk.rows
		lines += chunk.lines
	}
	return nil
}

// shift moves an error's place by what lies before its chunk.
func shift(err error, rows, lines int, offset int64) error {
	switch e := err.(type) { //nolint:errorlint // a chunk's own errors, not yet wrapped
	case *quoteError:
		e.Line += lines
		e.Offset += offset
		e.Problem = "text after the closing quote of a cell that opens on line " + strconv.Itoa(e.opened+lines) +
			"; a quote inside a quoted cell is written twice, and a stray one earlier has the same effect"
		return e.SyntaxError
	case *SyntaxError:
		e.Line += lines
		e.Offset += offset
	case *EncodingError:
		e.Line += lines
		e.Offset += offset
	case *RaggedError:
		e.Line += lines
		e.Row += rows
	case *CellError:
		e.Line += lines
		e.Row += rows
	case *LimitError:
		e.Line += lines
	}
	return err
}
