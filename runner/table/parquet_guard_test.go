package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// figure is a 32-bit field of the compact protocol whose id is one more than that
// of the field before.
func figure(v int64) []byte {
	return binary.AppendUvarint([]byte{1<<4 | thriftI32}, uint64(v<<1^v>>63))
}

// hostileHeader is a page header with the given figures: a data page's, or with
// part 7 a dictionary page's.
func hostileHeader(part byte, decompressed, stored, values int64) []byte {
	kind := int64(0)
	if part == 7 {
		kind = 2
	}
	return bytes.Join([][]byte{
		figure(kind), figure(decompressed), figure(stored),
		{(part-3)<<4 | thriftStruct}, figure(values), figure(0), {0, 0},
	}, nil)
}

// TestParquetPromises: what a file promises and cannot hold is refused before
// anything is allocated for it.
func TestParquetPromises(t *testing.T) {
	const rows = 200
	written := func(codec parquet.WriterOption) []byte {
		type row struct {
			X float64 `parquet:"x"`
		}
		cells := make([]row, rows)
		for i := range cells {
			cells[i].X = math.Sqrt(float64(i))
		}
		var buf bytes.Buffer
		if err := parquet.Write(&buf, cells, codec); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	plain, packed := written(parquet.Compression(&parquet.Uncompressed)), written(parquet.Compression(&parquet.Zstd))
	footer := func(body ...byte) []byte {
		data := append([]byte("PAR1"), body...)
		return append(binary.LittleEndian.AppendUint32(data, uint32(len(body))), "PAR1"...)
	}
	with := func(file, header []byte) []byte {
		file = bytes.Clone(file)
		copy(file[4:], header)
		return file
	}
	rowsOf := func(total, group int64) []byte {
		file, err := openParquet(bytes.NewReader(plain), int64(len(plain)))
		if err != nil {
			t.Fatal(err)
		}
		metadata := *file.Metadata()
		metadata.NumRows, metadata.RowGroups[0].NumRows = total, group
		body, err := thrift.Marshal(new(thrift.CompactProtocol), metadata)
		if err != nil {
			t.Fatal(err)
		}
		return footer(body...)
	}
	const most = math.MaxInt32
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"stored bytes", with(plain, hostileHeader(5, 100, most, rows)), "a page promises 2147483647 bytes where "},
		{"decompressed bytes", with(packed, hostileHeader(5, most, 100, rows)), "a page of 100 bytes promises to become 2147483647"},
		{"values", with(plain, hostileHeader(5, 100, 100, most)), "a page promises 2147483647 values where 200 are left"},
		{"values of the second version", with(plain, hostileHeader(8, 100, 100, most)), "a page promises 2147483647 values where 200 are left"},
		{"dictionary", with(plain, hostileHeader(7, most, 100, most)), "a dictionary of 100 bytes promises 2147483647 values"},
		{"negative", with(plain, hostileHeader(5, 100, -1, rows)), "a page promises -1 bytes"},
		{"statistics", with(plain, []byte{9<<4 | thriftBinary, 0xff, 0xff, 0xff, 0xff, 0x07}), "promises 2147483647 bytes where "},
		{"another type", with(plain, []byte{3<<4 | thriftI64, 2, 0}), "has a figure of type 6"},
		{"rows", rowsOf(900_000_000, 900_000_000), "900000000 rows are promised in a file of "},
		{"rows of a group", rowsOf(rows, 900_000_000), "row group 1 promises 900000000 rows of 200"},
		{"footer", footer(1<<4|thriftI32, 2, 1<<4|thriftList, 0xf0|thriftStruct, 0xff, 0xff, 0xff, 0xff, 0x07), "the footer promises 2147483647 values in 0 bytes"},
		{"deep footer", footer(bytes.Repeat([]byte{1<<4 | thriftStruct}, 1000)...), "the footer is nested more than 32 deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := readParquetBytes(c.data, ReadOptions{})
			runtime.ReadMemStats(&after)
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 32<<20 {
				t.Errorf("allocated %d bytes for a file of %d", got, len(c.data))
			}
		})
	}
	for name, data := range map[string][]byte{"plain": plain, "packed": packed} {
		if got, err := readParquetBytes(data, ReadOptions{}); err != nil || got.NumRows() != rows {
			t.Errorf("%s, as it was written: %v", name, err)
		}
	}
}

// TestParquetCodecs: pages that hardly shrink have been read wrongly by a library
// that gave no error.
func TestParquetCodecs(t *testing.T) {
	type row struct {
		X float64 `parquet:"x"`
	}
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]row, 10_000)
	for i := range rows {
		rows[i].X = random.NormFloat64()
	}
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd, &parquet.Lz4Raw} {
		var buf bytes.Buffer
		if err := parquet.Write(&buf, rows, parquet.Compression(codec)); err != nil {
			t.Fatal(err)
		}
		got, err := readParquetBytes(buf.Bytes(), ReadOptions{})
		if codec == &parquet.Lz4Raw {
			want := `data.parquet: column "x", row group 1: is compressed with LZ4, which is not read reliably; write the file with Zstandard, Snappy or without compression`
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", codec, err)
			continue
		}
		for i, v := range got.Column("x").Floats() {
			if v != rows[i].X {
				t.Fatalf("%v: row %d is %v, want %v", codec, i+1, v, rows[i].X)
			}
		}
	}
}

// FuzzParquetHeader makes sure that no page header makes the walk panic, nor pass
// its end.
func FuzzParquetHeader(f *testing.F) {
	f.Add(hostileHeader(5, 100, 100, 3))
	f.Add(hostileHeader(7, math.MaxInt32, -1, 3))
	f.Add([]byte{1<<4 | thriftMap, 2, thriftI32<<4 | thriftList, 2, 0x15, 3, 0x18, 0})
	f.Add(bytes.Repeat([]byte{1<<4 | thriftList, 1<<4 | thriftList}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := parsePageHeader(data); err == nil && (h.length < 1 || h.length > len(data)) {
			t.Fatalf("a header of %d bytes in %d", h.length, len(data))
		}
	})
}
