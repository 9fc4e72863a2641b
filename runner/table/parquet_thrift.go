package table

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// thriftWalk walks over Thrift's compact protocol, in which Parquet writes its
// footer and page headers, without allocating anything: so lengths that the bytes
// cannot hold are refused before a decoder believes them.
type thriftWalk struct {
	data []byte
	pos  int
}

// errThriftShort says that the bytes end within a value.
var errThriftShort = errors.New("ends within a value")

// maxThriftDepth bounds nesting; Parquet's own is 6.
const maxThriftDepth = 32

// Types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// structure walks over one structure. visit is told each field's id and type; it
// walks over the value itself and returns true, or leaves that to structure.
func (w *thriftWalk) structure(depth int, visit func(id int64, kind byte) (bool, error)) error {
	if depth > maxThriftDepth {
		return fmt.Errorf("is nested more than %d deep", maxThriftDepth)
	}
	for id := int64(0); ; {
		head, err := w.byte()
		if err != nil || head == 0 {
			return err
		}
		if delta := int64(head >> 4); delta > 0 {
			id += delta
		} else if id, err = w.integer(); err != nil {
			return err
		}
		kind := head & 0x0f
		if visit != nil {
			done, err := visit(id, kind)
			if err != nil {
				return err
			}
			if done {
				continue
			}
		}
		if kind == thriftTrue || kind == thriftFalse {
			continue // the value is the type
		}
		if err := w.value(kind, depth+1); err != nil {
			return err
		}
	}
}

// value walks over a value outside a field's head.
func (w *thriftWalk) value(kind byte, depth int) error {
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		return w.skip(1)
	case thriftI16, thriftI32, thriftI64:
		_, err := w.integer()
		return err
	case thriftDouble:
		return w.skip(8)
	case thriftBinary:
		n, err := w.unsigned()
		if err != nil {
			return err
		}
		return w.skip(n)
	case thriftList, thriftSet:
		return w.list(depth)
	case thriftMap:
		return w.pairs(depth)
	case thriftStruct:
		return w.structure(depth, nil)
	}
	return fmt.Errorf("has a value of unknown type %d", kind)
}

func (w *thriftWalk) list(depth int) error {
	head, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = w.unsigned(); err != nil {
			return err
		}
	}
	return w.repeat(n, depth, head&0x0f)
}

func (w *thriftWalk) pairs(depth int) error {
	n, err := w.unsigned()
	if err != nil || n == 0 {
		return err
	}
	kinds, err := w.byte()
	if err != nil {
		return err
	}
	return w.repeat(n, depth, kinds>>4, kinds&0x0f)
}

// repeat walks over n groups of values of the given types. Each takes a byte at
// least.
func (w *thriftWalk) repeat(n uint64, depth int, kinds ...byte) error {
	if depth > maxThriftDepth {
		return fmt.Errorf("is nested more than %d deep", maxThriftDepth)
	}
	if left := uint64(len(w.data) - w.pos); n > left {
		return fmt.Errorf("promises %d values in %d bytes: %w", n, left, errThriftShort)
	}
	for range n {
		for _, kind := range kinds {
			if err := w.value(kind, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *thriftWalk) byte() (byte, error) {
	if w.pos == len(w.data) {
		return 0, errThriftShort
	}
	w.pos++
	return w.data[w.pos-1], nil
}

func (w *thriftWalk) skip(n uint64) error {
	if left := uint64(len(w.data) - w.pos); n > left {
		return fmt.Errorf("promises %d bytes where %d are left: %w", n, left, errThriftShort)
	}
	w.pos += int(n)
	return nil
}

func (w *thriftWalk) unsigned() (uint64, error) {
	v, n := binary.Uvarint(w.data[w.pos:])
	switch {
	case n == 0:
		return 0, errThriftShort
	case n < 0:
		return 0, errors.New("has a number of more than 64 bits")
	}
	w.pos += n
	return v, nil
}

// integer reads a signed number in zigzag form.
func (w *thriftWalk) integer() (int64, error) {
	v, err := w.unsigned()
	return int64(v>>1) ^ -int64(v&1), err
}
