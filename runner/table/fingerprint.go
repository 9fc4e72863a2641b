package table

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Fingerprint returns "sha256:" and a hexadecimal hash of the table's content:
// names, kinds, cells and nulls, in order. Equal tables have equal fingerprints,
// whatever format they were read from and in whatever order their dictionaries
// are. Zeros of both signs differ.
func (t *Table) Fingerprint() string {
	sums := make([][sha256.Size]byte, len(t.columns))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range t.columns {
		group.Go(func() error {
			sums[i] = c.fingerprint()
			return nil
		})
	}
	_ = group.Wait() // its functions give no errors
	h := sha256.New()
	h.Write([]byte("table 1\n"))
	writeNumber(h, uint64(t.rows))
	for _, sum := range sums {
		h.Write(sum[:])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

func (c *Column) fingerprint() [sha256.Size]byte {
	h := sha256.New()
	writeText(h, c.name)
	writeText(h, c.kind.String())
	writeNumber(h, uint64(c.Len()))
	buf := make([]byte, 0, 1<<14)
	flush := func(room int) {
		if len(buf)+room > cap(buf) {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	if c.HasNulls() {
		writeText(h, "nulls")
		for _, null := range c.nulls {
			flush(1)
			buf = append(buf, boolByte(null))
		}
	}
	switch c.kind {
	case Float64:
		for i, v := range c.floats {
			bits := math.Float64bits(v)
			if c.IsNull(i) {
				bits = 0
			}
			flush(8)
			buf = binary.LittleEndian.AppendUint64(buf, bits)
		}
	case Int64, Time:
		for i, v := range c.ints {
			if c.IsNull(i) {
				v = 0
			}
			flush(8)
			buf = binary.LittleEndian.AppendUint64(buf, uint64(v))
		}
	case Bool:
		for i, v := range c.bools {
			flush(1)
			buf = append(buf, boolByte(v && !c.IsNull(i)))
		}
	default:
		// Codes by first appearance do not depend on the dictionary's order.
		p := c.piece()
		text := textJoin{codes: make(map[string]uint32, len(c.dict))}
		codes := make([]uint32, c.Len())
		text.add(codes, &p)
		for _, code := range codes {
			flush(4)
			buf = binary.LittleEndian.AppendUint32(buf, code)
		}
		h.Write(buf)
		buf = buf[:0]
		for _, value := range text.dict {
			writeText(h, value)
		}
	}
	h.Write(buf)
	return [sha256.Size]byte(h.Sum(nil))
}

func writeNumber(h hash.Hash, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	h.Write(b[:])
}

func writeText(h hash.Hash, s string) {
	writeNumber(h, uint64(len(s)))
	h.Write([]byte(s))
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// Equal reports whether both tables have the same columns in the same order with
// the same kinds, cells and nulls. Numbers are compared bit by bit.
func (t *Table) Equal(u *Table) bool {
	if t.rows != u.rows || len(t.columns) != len(u.columns) {
		return false
	}
	for i, c := range t.columns {
		if !c.equal(u.columns[i]) {
			return false
		}
	}
	return true
}

func (c *Column) equal(d *Column) bool {
	if c.name != d.name || c.kind != d.kind || c.Len() != d.Len() {
		return false
	}
	for i := range c.Len() {
		if c.IsNull(i) != d.IsNull(i) {
			return false
		}
		if c.IsNull(i) {
			continue
		}
		var same bool
		switch c.kind {
		case Float64:
			same = math.Float64bits(c.floats[i]) == math.Float64bits(d.floats[i])
		case Int64, Time:
			same = c.ints[i] == d.ints[i]
		case Bool:
			same = c.bools[i] == d.bools[i]
		default:
			same = c.dict[c.codes[i]] == d.dict[d.codes[i]]
		}
		if !same {
			return false
		}
	}
	return true
}

// MemoryBytes estimates the memory that the cells, masks and dictionaries take.
// What slices of one table share is counted in each.
func (t *Table) MemoryBytes() int64 {
	var total int64
	for _, c := range t.columns {
		total += int64(8*len(c.floats) + 8*len(c.ints) + len(c.bools) + 4*len(c.codes) + len(c.nulls))
		for _, value := range c.dict {
			total += int64(len(value)) + 16
		}
	}
	return total
}
