package table

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// This file refuses a Parquet file that promises more than it can hold, before
// the library allocates what was promised.

const (
	// A page may grow by this factor when it is decompressed, beside what any
	// page may have: Zstandard writes 128 KiB of one value in four bytes.
	maxPageGrowth = 1 << 16
	freePageBytes = 4 << 20
	// Rows of one value each cost next to nothing to store, but not nothing: each
	// page and row group has a header.
	maxRowsPerByte = 10_000
	freeRows       = 4 << 20
	// maxHeaderBytes bounds a page header, which may hold two values as
	// statistics.
	maxHeaderBytes = 64 << 20
)

// checkFooter walks over the footer, whose length is known to fit the file.
func checkFooter(r io.ReaderAt, size, length int64) error {
	footer := make([]byte, length)
	if err := readFull(r, footer, size-8-length); err != nil {
		return err
	}
	w := thriftWalk{data: footer}
	if err := w.structure(0, nil); err != nil {
		return fmt.Errorf("the footer %w", err)
	}
	return nil
}

// checkRows refuses more rows than a file of that size can tell of.
func checkRows(file *parquet.File, size int64) error {
	rows := file.NumRows()
	if rows > freeRows+maxRowsPerByte*size {
		return fmt.Errorf("%d rows are promised in a file of %d bytes", rows, size)
	}
	for i, group := range file.RowGroups() {
		if n := group.NumRows(); n < 0 || n > rows {
			return fmt.Errorf("row group %d promises %d rows of %d", i+1, n, rows)
		}
	}
	return nil
}

// pageHeader is what a page says of itself.
type pageHeader struct {
	length       int // of the header
	stored       int64
	decompressed int64
	values       int64 // of a data page
	entries      int64 // of a dictionary page
}

// checkPages walks over the headers of a column's pages in a row group of so many
// rows.
func checkPages(r io.ReaderAt, size int64, chunk *format.ColumnMetaData, rows int64) error {
	at := chunk.DataPageOffset
	if chunk.DictionaryPageOffset != 0 {
		at = chunk.DictionaryPageOffset
	}
	if at < 0 || chunk.TotalCompressedSize < 0 || at > size || chunk.TotalCompressedSize > size-at {
		return fmt.Errorf("%d bytes at offset %d are promised in a file of %d", chunk.TotalCompressedSize, at, size)
	}
	end := at + chunk.TotalCompressedSize
	for seen := int64(0); seen < rows && at < end; {
		h, err := readPageHeader(r, at, end)
		if err != nil {
			return fmt.Errorf("the page header at offset %d %w", at, err)
		}
		at += int64(h.length)
		plain := h.stored
		if chunk.Codec != format.Uncompressed {
			plain = h.decompressed
		}
		switch {
		case h.stored < 0 || h.stored > end-at:
			return fmt.Errorf("a page promises %d bytes where %d are left", h.stored, end-at)
		case plain < 0 || plain > freePageBytes+maxPageGrowth*h.stored:
			return fmt.Errorf("a page of %d bytes promises to become %d", h.stored, plain)
		case h.values < 0 || h.values > rows-seen:
			return fmt.Errorf("a page promises %d values where %d are left", h.values, rows-seen)
		case h.entries < 0 || h.entries > 8*plain: // a truth value takes a bit
			return fmt.Errorf("a dictionary of %d bytes promises %d values", plain, h.entries)
		}
		seen += h.values
		at += h.stored
	}
	return nil
}

// readPageHeader reads the header at offset at, which ends before end.
func readPageHeader(r io.ReaderAt, at, end int64) (pageHeader, error) {
	for window := int64(512); ; window *= 8 {
		data := make([]byte, min(window, end-at))
		if err := readFull(r, data, at); err != nil {
			return pageHeader{}, err
		}
		h, err := parsePageHeader(data)
		if !errors.Is(err, errThriftShort) || int64(len(data)) == end-at || window >= maxHeaderBytes {
			return h, err
		}
	}
}

// parsePageHeader reads the figures of a PageHeader in parquet.thrift. A figure
// of another type than its own is refused: what the library would make of it is
// not known here.
func parsePageHeader(data []byte) (pageHeader, error) {
	var h pageHeader
	w := thriftWalk{data: data}
	figure := func(to *int64, kind byte) (bool, error) {
		if kind != thriftI32 {
			return false, fmt.Errorf("has a figure of type %d", kind)
		}
		var err error
		*to, err = w.integer()
		return true, err
	}
	// All three kinds of pages with values begin with their number.
	part := func(to *int64, kind byte) (bool, error) {
		if kind != thriftStruct {
			return false, fmt.Errorf("has a part of type %d", kind)
		}
		return true, w.structure(1, func(id int64, kind byte) (bool, error) {
			if id != 1 {
				return false, nil
			}
			return figure(to, kind)
		})
	}
	err := w.structure(0, func(id int64, kind byte) (bool, error) {
		switch id {
		case 2:
			return figure(&h.decompressed, kind)
		case 3:
			return figure(&h.stored, kind)
		case 5, 8: // data pages of both versions
			return part(&h.values, kind)
		case 7:
			return part(&h.entries, kind)
		}
		return false, nil
	})
	h.length = w.pos
	return h, err
}
