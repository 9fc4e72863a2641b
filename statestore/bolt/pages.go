package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// The parts of bbolt's file format that checkPages needs, in the byte order of
// the machine, as bbolt writes them.
const (
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	pageHeaderSize = 16
	metaSize       = 64
	elementSize    = 16

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10

	elementIsBucket = 0x01
	bucketHeader    = 16

	noFreelist = ^uint64(0)
	maxDepth   = 64
)

// metaPage is what a meta page says.
type metaPage struct {
	pageSize       uint64
	root           uint64
	freelist, high uint64 // high: the first page that was never used
	tx             uint64
}

// readMeta finds the newer of the two valid meta pages. ours says that the file
// at least begins like one of bbolt's.
func readMeta(f io.ReaderAt, size int64) (m metaPage, ours bool, err error) {
	found := false
	consider := func(offset int64) {
		b := make([]byte, pageHeaderSize+metaSize)
		if n, _ := f.ReadAt(b, offset); n < len(b) {
			return
		}
		b = b[pageHeaderSize:]
		if binary.NativeEndian.Uint32(b) != boltMagic {
			return
		}
		ours = true
		sum := fnv.New64a()
		sum.Write(b[:metaSize-8])
		if binary.NativeEndian.Uint32(b[4:]) != boltVersion || binary.NativeEndian.Uint64(b[56:]) != sum.Sum64() {
			return
		}
		if tx := binary.NativeEndian.Uint64(b[48:]); !found || tx > m.tx {
			found = true
			m = metaPage{
				pageSize: uint64(binary.NativeEndian.Uint32(b[8:])),
				root:     binary.NativeEndian.Uint64(b[16:]),
				freelist: binary.NativeEndian.Uint64(b[32:]),
				high:     binary.NativeEndian.Uint64(b[40:]),
				tx:       tx,
			}
		}
	}
	consider(0)
	if found {
		consider(int64(m.pageSize))
	} else {
		for shift := range 7 { // page sizes of 1 to 64 KiB
			consider(1024 << shift)
		}
	}
	switch {
	case !found:
		return m, ours, fmt.Errorf("neither of its two header pages is whole")
	case m.pageSize < 1024 || m.pageSize > 1<<16 || m.pageSize&(m.pageSize-1) != 0:
		return m, ours, fmt.Errorf("its pages of %d bytes are of no usual size", m.pageSize)
	case m.high > uint64(size)/m.pageSize:
		return m, ours, fmt.Errorf("it is cut off: %d bytes of at least %d are there", size, m.high*m.pageSize)
	}
	return m, ours, nil
}

// pageCheck walks all pages of a bbolt file. bbolt itself trusts its file: on a
// damaged one it may panic, fault or, worse, go on and write.
type pageCheck struct {
	file io.ReaderAt
	meta metaPage
	used []bool // by page: reached already
	bufs [][]byte
}

// checkPages says what is wrong with the structure of a bbolt file, or nil.
func checkPages(f io.ReaderAt, m metaPage) error {
	c := &pageCheck{file: f, meta: m, used: make([]bool, m.high), bufs: make([][]byte, maxDepth)}
	if m.high < 3 || m.root < 2 {
		return fmt.Errorf("its header page names impossible pages")
	}
	c.used[0], c.used[1] = true, true
	if err := c.walk(m.root, 0, nil, nil); err != nil {
		return err
	}
	return c.freelist()
}

// read returns a page with its overflow, in the buffer of its depth.
func (c *pageCheck) read(id uint64, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return nil, fmt.Errorf("page %d lies deeper than any tree grows", id)
	}
	if id < 2 || id >= c.meta.high {
		return nil, fmt.Errorf("page %d does not exist", id)
	}
	size := int(c.meta.pageSize)
	if c.bufs[depth] == nil {
		c.bufs[depth] = make([]byte, size)
	}
	b := c.bufs[depth][:size]
	if _, err := c.file.ReadAt(b, int64(id)*int64(size)); err != nil {
		return nil, fmt.Errorf("reading page %d: %w", id, err)
	}
	overflow := uint64(binary.NativeEndian.Uint32(b[12:]))
	if binary.NativeEndian.Uint64(b) != id || overflow >= c.meta.high-id {
		return nil, fmt.Errorf("page %d is not what is found in its place", id)
	}
	for p := id; p <= id+overflow; p++ {
		if c.used[p] {
			return nil, fmt.Errorf("page %d is used twice", p)
		}
		c.used[p] = true
	}
	if overflow > 0 {
		long := make([]byte, (overflow+1)*uint64(size))
		copy(long, b)
		if _, err := c.file.ReadAt(long[size:], int64(id+1)*int64(size)); err != nil {
			return nil, fmt.Errorf("reading page %d: %w", id+1, err)
		}
		c.bufs[depth], b = long, long
	}
	return b, nil
}

// walk checks the tree beneath a page, whose keys must lie in [low, below).
func (c *pageCheck) walk(id uint64, depth int, low, below []byte) error {
	b, err := c.read(id, depth)
	if err != nil {
		return err
	}
	return c.page(b, id, depth, low, below)
}

// page checks one page, or the inline page of a small bucket.
func (c *pageCheck) page(b []byte, id uint64, depth int, low, below []byte) error {
	flags, n := binary.NativeEndian.Uint16(b[8:]), int(binary.NativeEndian.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf || pageHeaderSize+n*elementSize > len(b) || flags == flagBranch && n == 0 {
		return fmt.Errorf("page %d is neither branch nor leaf", id)
	}
	var previous []byte
	for i := range n {
		e := b[pageHeaderSize+i*elementSize:]
		key, value, child, isBucket, ok := element(e, flags)
		if !ok {
			return fmt.Errorf("page %d: entry %d lies outside the page", id, i)
		}
		if i > 0 && bytes.Compare(previous, key) >= 0 || flags == flagLeaf && bytes.Compare(key, low) < 0 ||
			below != nil && bytes.Compare(key, below) >= 0 {
			return fmt.Errorf("page %d: entry %d is out of order", id, i)
		}
		previous = key
		switch {
		case flags == flagBranch:
			bound := below
			if i+1 < n {
				next, _, _, _, ok := element(b[pageHeaderSize+(i+1)*elementSize:], flags)
				if !ok {
					return fmt.Errorf("page %d: entry %d lies outside the page", id, i+1)
				}
				bound = next
			}
			if err := c.walk(child, depth+1, key, bound); err != nil {
				return err
			}
		case isBucket:
			if err := c.bucket(value, id, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// element takes an entry of a page apart; e begins with it and ends with the
// page.
func element(e []byte, flags uint16) (key, value []byte, child uint64, isBucket, ok bool) {
	if flags == flagBranch {
		pos, ksize := uint64(binary.NativeEndian.Uint32(e)), uint64(binary.NativeEndian.Uint32(e[4:]))
		if pos < elementSize || pos+ksize > uint64(len(e)) {
			return nil, nil, 0, false, false
		}
		return e[pos : pos+ksize], nil, binary.NativeEndian.Uint64(e[8:]), false, true
	}
	pos := uint64(binary.NativeEndian.Uint32(e[4:]))
	ksize, vsize := uint64(binary.NativeEndian.Uint32(e[8:])), uint64(binary.NativeEndian.Uint32(e[12:]))
	if pos < elementSize || pos+ksize+vsize > uint64(len(e)) {
		return nil, nil, 0, false, false
	}
	isBucket = binary.NativeEndian.Uint32(e)&elementIsBucket != 0
	return e[pos : pos+ksize], e[pos+ksize : pos+ksize+vsize], 0, isBucket, true
}

// bucket checks what a bucket's entry names: a tree, or a page within the entry.
func (c *pageCheck) bucket(value []byte, id uint64, depth int) error {
	if len(value) < bucketHeader {
		return fmt.Errorf("page %d names a bucket without a header", id)
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return c.walk(root, depth+1, nil, nil)
	}
	if len(value) < bucketHeader+pageHeaderSize {
		return fmt.Errorf("page %d holds a bucket that is cut off", id)
	}
	return c.page(value[bucketHeader:], id, depth+1, nil, nil)
}

// freelist checks that no page is both free and in use.
func (c *pageCheck) freelist() error {
	if c.meta.freelist == noFreelist {
		return nil
	}
	b, err := c.read(c.meta.freelist, 0)
	if err != nil {
		return fmt.Errorf("list of free pages: %w", err)
	}
	n := uint64(binary.NativeEndian.Uint16(b[10:]))
	ids := b[pageHeaderSize:]
	if n == 0xFFFF {
		n, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if binary.NativeEndian.Uint16(b[8:]) != flagFreelist || n > uint64(len(ids))/8 {
		return fmt.Errorf("list of free pages: page %d is none", c.meta.freelist)
	}
	for i := range n {
		id := binary.NativeEndian.Uint64(ids[8*i:])
		if id < 2 || id >= c.meta.high || c.used[id] {
			return fmt.Errorf("list of free pages: page %d is not free", id)
		}
		c.used[id] = true
	}
	return nil
}
