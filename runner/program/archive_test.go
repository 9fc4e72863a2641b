package program_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mlops/runner/program"
)

// contents is an entry of an archive with what is in it.
type contents struct {
	tar.Header
	text string
}

// tarOf is an archive of entries: a header, whose file is of zeroes, contents, or the
// text of the manifest.
func tarOf(t testing.TB, entries ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		var c contents
		switch e := e.(type) {
		case tar.Header:
			c = contents{e, strings.Repeat("\x00", int(e.Size))}
		case contents:
			c = e
		case string:
			c = contents{tar.Header{Typeflag: tar.TypeReg, Name: "program.json", Size: int64(len(e))}, e}
		}
		if err := w.WriteHeader(&c.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, c.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func manifest(t testing.TB) string {
	t.Helper()
	m, err := json.Marshal(program.Manifest{Format: "mlops-program-model", FormatVersion: 1, Job: program.Job{Version: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return string(m)
}

func file(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: 1} }

// holes is an archive of files that are nothing but a hole of that size.
func holes(t testing.TB, size int64, files int) []byte {
	t.Helper()
	const key = "GNU_sparse." // package tar writes none of the right name
	sparse := fmt.Sprintf("1\n%d\n0\n", size)
	entries := []any{manifest(t)}
	for i := range files {
		entries = append(entries, contents{tar.Header{
			Typeflag: tar.TypeReg, Name: fmt.Sprintf("model/%d", i), Size: 512, Format: tar.FormatPAX,
			PAXRecords: map[string]string{key + "major": "1", key + "minor": "0", key + "realsize": fmt.Sprint(size)},
		}, sparse + strings.Repeat("\x00", 512-len(sparse))})
	}
	return bytes.ReplaceAll(tarOf(t, entries...), []byte(key), []byte("GNU.sparse."))
}

func hostile(t testing.TB) map[string][]byte {
	m := manifest(t)
	many := []any{m}
	for i := range 100_001 {
		many = append(many, tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("model/%d", i)})
	}
	claims := tarOf(t, m, file("model/a"))
	return map[string][]byte{
		"a path upwards":           tarOf(t, m, file("model/../../outside")),
		"a path beside":            tarOf(t, m, file("job.json")),
		"an absolute path":         tarOf(t, m, file("/tmp/outside")),
		"an absolute path within":  tarOf(t, m, file("model//tmp/outside")),
		"the folder itself":        tarOf(t, m, file("model/.")),
		"a symbolic link":          tarOf(t, m, tar.Header{Typeflag: tar.TypeSymlink, Name: "model/a", Linkname: "/etc"}, file("model/a/passwd")),
		"a hard link":              tarOf(t, m, tar.Header{Typeflag: tar.TypeLink, Name: "model/a", Linkname: "/etc/passwd"}),
		"a device":                 tarOf(t, m, tar.Header{Typeflag: tar.TypeBlock, Name: "model/a"}),
		"a pipe":                   tarOf(t, m, tar.Header{Typeflag: tar.TypeFifo, Name: "model/a"}),
		"a directory":              tarOf(t, m, tar.Header{Typeflag: tar.TypeDir, Name: "model/a/"}),
		"the same name twice":      tarOf(t, m, file("model/a"), file("model/a")),
		"the manifest twice":       tarOf(t, m, file("model/a"), m),
		"a file as a directory":    tarOf(t, m, file("model/a"), file("model/a/b")),
		"a directory as a file":    tarOf(t, m, file("model/a/b"), file("model/a")),
		"a long name":              tarOf(t, m, file("model/"+strings.Repeat("d", 256))),
		"a name of a megabyte":     tarOf(t, m, file("model/"+strings.Repeat("d", 1<<20-100))),
		"a hundred thousand files": tarOf(t, many...),
		"a size it has not":        claimed(claims, 1<<40),
		"a size beyond all":        claimed(claims, math.MaxInt64),
		"a hole of a terabyte":     holes(t, 1<<40, 1),
		"many holes":               holes(t, 1<<20, 999),
		"cut off":                  claims[:len(claims)-1536-100],
		"no files":                 tarOf(t, m),
		"no manifest":              tarOf(t, file("model/a")),
		"a manifest of another":    tarOf(t, `{"format":"other"}`, file("model/a")),
		"a manifest that is none":  tarOf(t, `{"format":`, file("model/a")),
		"unknown keys":             tarOf(t, `{"command":"rm"}`, file("model/a")),
		"something behind the end": tarOf(t, m+"{}", file("model/a")),
		"nothing":                  nil,
		"no archive":               []byte(strings.Repeat("not an archive", 100)),
	}
}

// claimed changes the size that the archive's last file has in its header.
func claimed(archive []byte, size int64) []byte {
	archive = bytes.Clone(archive)
	header := archive[bytes.LastIndex(archive, []byte("model/a")):][:512]
	field := header[124:136]
	clear(field)
	field[0] = 0x80 // the number follows in base 256
	for i, shift := 11, 0; shift < 64; i, shift = i-1, shift+8 {
		field[i] = byte(size >> shift)
	}
	copy(header[148:156], "        ")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return archive
}

func TestAHostileModelIsRefused(t *testing.T) {
	for name, archive := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			_, _, err := program.ReadPacked(bytes.NewReader(archive))
			took := time.Since(begun)
			runtime.ReadMemStats(&after)
			var refused *program.ModelError
			if !errors.As(err, &refused) || len(err.Error()) > 2000 {
				t.Errorf("the error is %.2000v", err)
			}
			if most := uint64(8*len(archive) + 8<<20); after.TotalAlloc-before.TotalAlloc > most {
				t.Errorf("%d bytes were allocated for an archive of %d", after.TotalAlloc-before.TotalAlloc, len(archive))
			}
			if took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// FuzzUnpack: what is refused is refused with the typed error; what is taken is
// unpacked, beneath the folder alone, and can be packed again.
func FuzzUnpack(f *testing.F) {
	for _, archive := range hostile(f) {
		if len(archive) < 1<<20 {
			f.Add(archive)
		}
	}
	f.Add(tarOf(f, manifest(f), file("model/a"), file("model/b/c")))
	f.Fuzz(func(t *testing.T, archive []byte) {
		packed, m, err := program.ReadPacked(bytes.NewReader(archive))
		var refused *program.ModelError
		if err != nil {
			if !errors.As(err, &refused) {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		outer := t.TempDir()
		folder, err := program.NewFolder(outer)
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		if err := folder.Unpack(t.Context(), packed); err != nil {
			t.Fatalf("what was read cannot be unpacked: %v", err)
		}
		err = filepath.WalkDir(outer, func(path string, d fs.DirEntry, err error) error {
			inner, ok := strings.CutPrefix(path, folder.Path()+"/model/")
			if err == nil && !d.IsDir() && (!ok || !d.Type().IsRegular()) {
				t.Errorf("it made %s (%s), %s", path, d.Type(), inner)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		again, err := folder.Pack(t.Context(), m, int64(len(archive)))
		if err != nil {
			t.Fatalf("what was unpacked cannot be packed: %v", err)
		}
		if _, _, err := program.ReadPacked(bytes.NewReader(again)); err != nil {
			t.Fatalf("what was packed cannot be read: %v", err)
		}
	})
}
