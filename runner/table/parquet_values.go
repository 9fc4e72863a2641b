package table

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"
)

// parquetBatch holds the values of a page or of a dictionary, in the slice that
// belongs to the column's kind; unsigned integers beyond int64 are in floats.
type parquetBatch struct {
	floats  []float64
	ints    []int64
	bools   []bool
	texts   [][]byte
	codes   []uint32 // of texts, where known
	indexes []int32
}

func (b *parquetBatch) len(kind Kind) int {
	switch kind {
	case Bool:
		return len(b.bools)
	case String:
		return len(b.texts)
	}
	return max(len(b.floats), len(b.ints))
}

// decode turns n stored values into a batch, which may share their memory.
func (b *parquetBuilder) decode(values encoding.Values, n int) (parquetBatch, error) {
	l := b.leaf
	switch l.physical {
	case parquet.Boolean:
		return decodeBools(values.Boolean(), n)
	case parquet.Float:
		stored := values.Float()
		floats := make([]float64, len(stored))
		for i, v := range stored {
			floats[i] = float64(v)
		}
		return parquetBatch{floats: floats}, nil
	case parquet.Double:
		return parquetBatch{floats: values.Double()}, nil
	case parquet.Int32:
		ints := make([]int64, 0, n)
		if l.unsigned {
			for _, v := range values.Uint32() {
				ints = append(ints, int64(v))
			}
		} else {
			for _, v := range values.Int32() {
				ints = append(ints, int64(v))
			}
		}
		return l.fromInts(ints)
	case parquet.Int64:
		if l.unsigned {
			return fromUnsigned(values.Uint64()), nil
		}
		return l.fromInts(values.Int64())
	case parquet.Int96:
		return fromInt96(values.Int96())
	}
	texts, err := splitTexts(values, l)
	if err != nil {
		return parquetBatch{}, err
	}
	return b.fromTexts(texts)
}

func decodeBools(bits []byte, n int) (parquetBatch, error) {
	if n > 8*len(bits) {
		return parquetBatch{}, errors.New("a page with fewer truth values than it promises")
	}
	bools := make([]bool, n)
	for i := range bools {
		bools[i] = bits[i/8]>>(i%8)&1 == 1
	}
	return parquetBatch{bools: bools}, nil
}

// fromInts scales times and decimals. The stored values stay as they are.
func (l *parquetLeaf) fromInts(stored []int64) (parquetBatch, error) {
	switch {
	case l.decimal:
		floats := make([]float64, len(stored))
		for i, v := range stored {
			floats[i] = l.fromDecimal(big.NewInt(v))
		}
		return parquetBatch{floats: floats}, nil
	case l.unit > 1:
		ints := make([]int64, len(stored))
		for i, v := range stored {
			if v > math.MaxInt64/l.unit || v < math.MinInt64/l.unit {
				return parquetBatch{}, &unsupportedValue{fmt.Sprintf("time %d × %v since 1970 lies outside 1677 to 2262, which nanoseconds can tell", v, time.Duration(l.unit))}
			}
			ints[i] = v * l.unit
		}
		return parquetBatch{ints: ints}, nil
	}
	return parquetBatch{ints: stored}, nil
}

func fromUnsigned(stored []uint64) parquetBatch {
	ints := make([]int64, len(stored))
	for i, v := range stored {
		if v > math.MaxInt64 {
			floats := make([]float64, len(stored))
			for j, w := range stored {
				floats[j] = float64(w)
			}
			return parquetBatch{floats: floats}
		}
		ints[i] = int64(v)
	}
	return parquetBatch{ints: ints}
}

// fromInt96 decodes the timestamps of older writers: nanoseconds of the day, and
// a Julian day.
func fromInt96(stored []deprecated.Int96) (parquetBatch, error) {
	const epoch = 2_440_588 // the Julian day of 1970-01-01
	ints := make([]int64, len(stored))
	for i, v := range stored {
		ofDay := int64(v[1])<<32 | int64(v[0])
		days := int64(int32(v[2])) - epoch
		const second = int64(time.Second)
		nanos, ok := nanoseconds(days*86400+ofDay/second, ofDay%second)
		if !ok || ofDay < 0 {
			return parquetBatch{}, &unsupportedValue{fmt.Sprintf("time with Julian day %d lies outside 1677 to 2262, which nanoseconds can tell", int32(v[2]))}
		}
		ints[i] = nanos
	}
	return parquetBatch{ints: ints}, nil
}

// splitTexts returns each value's bytes.
func splitTexts(values encoding.Values, l *parquetLeaf) ([][]byte, error) {
	if l.physical == parquet.FixedLenByteArray {
		data, width := values.FixedLenByteArray()
		if width != l.width || width <= 0 || len(data)%width != 0 {
			return nil, fmt.Errorf("values of %d bytes where %d are promised", width, l.width)
		}
		texts := make([][]byte, len(data)/width)
		for i := range texts {
			texts[i] = data[i*width : (i+1)*width]
		}
		return texts, nil
	}
	data, offsets := values.ByteArray()
	texts := make([][]byte, max(len(offsets)-1, 0))
	for i := range texts {
		if offsets[i] > offsets[i+1] || int64(offsets[i+1]) > int64(len(data)) {
			return nil, errors.New("text that lies outside its page")
		}
		texts[i] = data[offsets[i]:offsets[i+1]]
	}
	return texts, nil
}

// fromTexts checks text, and decodes decimals and UUIDs.
func (b *parquetBuilder) fromTexts(texts [][]byte) (parquetBatch, error) {
	l := b.leaf
	if l.decimal {
		floats := make([]float64, len(texts))
		for i, text := range texts {
			if len(text) > 1024 {
				return parquetBatch{}, errors.New("a decimal of more than 1024 bytes")
			}
			unscaled := new(big.Int).SetBytes(text)
			if len(text) > 0 && text[0] >= 0x80 { // two's complement
				unscaled.Sub(unscaled, new(big.Int).Lsh(big.NewInt(1), uint(8*len(text))))
			}
			floats[i] = l.fromDecimal(unscaled)
		}
		return parquetBatch{floats: floats}, nil
	}
	for i, text := range texts {
		switch {
		case l.uuid:
			texts[i] = []byte(uuid.UUID(text).String())
		case len(text) > b.maxCell:
			return parquetBatch{}, &LimitError{What: "bytes in one cell", Limit: int64(b.maxCell)}
		case !utf8.Valid(text):
			return parquetBatch{}, &unsupportedValue{fmt.Sprintf("%s is not UTF-8 text", shorten(string(text)))}
		}
	}
	return parquetBatch{texts: texts}, nil
}

// fromDecimal returns the float64 nearest to unscaled × 10^-scale.
func (l *parquetLeaf) fromDecimal(unscaled *big.Int) float64 {
	text := append(unscaled.Append(nil, 10), 'e', '-')
	f, _ := parseFloat(strconv.AppendInt(text, int64(l.scale), 10)) // well-formed by construction
	return f
}
