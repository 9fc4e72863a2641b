package windows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"mlops/runner/etl"
	"mlops/runner/storage"
	"mlops/runner/table"
)

// maxMetadataBytes bounds what is read of the metadata: a million cases.
const maxMetadataBytes = 256 << 20

// Case is a case that windows were made of.
type Case struct {
	// Name is what the case is called.
	Name string
	// File holds the case's rows, all of them.
	File etl.Entry
	// Windows holds its windows as row ranges, the columns of windows.parquet.
	Windows etl.Entry
	// Count is the number of windows.
	Count int64
}

// Cases reads what a pipeline of this type made in a folder, for a pipeline whose
// items are its cases: both files are such an item's inputs, so that a change of
// one case is a change of one item. It reads no data.
func Cases(ctx context.Context, store *etl.Store, folder string) (*Metadata, []Case, error) {
	m, err := readMetadata(ctx, store, folder)
	if err != nil {
		return nil, nil, err
	}
	source := m.SourceFolder
	if storage.IsLocal(source) && !filepath.IsAbs(source) {
		source = etl.Join(folder, source)
	}
	files, err := entries(ctx, store, source)
	if err != nil {
		return nil, nil, err
	}
	parts, err := entries(ctx, store, folder)
	if err != nil {
		return nil, nil, err
	}
	cases := make([]Case, len(m.Cases))
	for i, c := range m.Cases {
		file, ok := files[c.File]
		if !ok {
			return nil, nil, fmt.Errorf("%s was made of %s in %s, which is not there any more; run the windows pipeline again", folder, c.File, source)
		}
		part, ok := parts[partOf(c.Case)]
		if !ok {
			return nil, nil, fmt.Errorf("%s lacks %s; run the windows pipeline again", folder, partOf(c.Case))
		}
		cases[i] = Case{Name: c.Case, File: file, Windows: part, Count: c.Windows}
	}
	return m, cases, nil
}

// Shape is what the first case's file holds, but for its rows.
func (m *Metadata) Shape() (table.Shape, error) {
	var s table.Shape
	if len(m.Columns) == 0 {
		return s, errors.New("the windows were made by another version, which did not note the cases' columns; run the windows pipeline again")
	}
	for _, c := range m.Columns {
		kind, err := table.ParseKind(c.Kind)
		if err != nil {
			return s, fmt.Errorf("the column %q of the cases: %w", c.Name, err)
		}
		s.Names, s.Kinds = append(s.Names, c.Name), append(s.Kinds, kind)
	}
	return s, nil
}

func readMetadata(ctx context.Context, store *etl.Store, folder string) (*Metadata, error) {
	location := etl.Join(folder, metadataFile)
	file, err := store.Open(ctx, location)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no windows: there is no %s; run a windows pipeline first", folder, metadataFile)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	m := &Metadata{}
	if err := json.NewDecoder(io.LimitReader(file, maxMetadataBytes)).Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	return m, nil
}

// entries lists a folder's files by name.
func entries(ctx context.Context, store *etl.Store, folder string) (map[string]etl.Entry, error) {
	found := make(map[string]etl.Entry)
	for e, err := range store.List(ctx, folder) {
		if err != nil {
			return nil, err
		}
		found[e.Name] = e
	}
	return found, nil
}
