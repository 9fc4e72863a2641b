package gbdt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxModelBytes is the longest model text that ReadText takes. What it builds
// is never larger than a small multiple of the text: no count in the text is
// trusted, only what is there.
const maxModelBytes = 1 << 30

// ReadText reads LightGBM's model text of version v2, v3 or v4, written by this
// package or by LightGBM. Objectives without a known transformation are
// refused. A text that is truncated or inconsistent (wrong
// lengths, children that do not form a tree, thresholds that are no numbers,
// feature numbers out of range) is a *FormatError.
func ReadText(r io.Reader) (*Model, error) {
	s := &textScanner{in: bufio.NewReaderSize(io.LimitReader(r, maxModelBytes+1), 1<<16)}
	m, err := readHeader(s)
	if err != nil {
		return nil, err
	}
	if err := readTrees(s, m); err != nil {
		return nil, err
	}
	if err := readParameters(s, m); err != nil {
		return nil, err
	}
	m.bestIteration = m.NumIterations()
	return m, m.compile()
}

// textScanner gives the lines without their ends, and the last one again after
// unread.
type textScanner struct {
	in     *bufio.Reader
	read   int
	last   string
	unread bool
}

func (s *textScanner) next() (string, error) {
	if s.unread {
		s.unread = false
		return s.last, nil
	}
	text, err := s.in.ReadString('\n')
	s.read += len(text)
	if s.read > maxModelBytes {
		return "", &FormatError{Tree: -1, Reason: fmt.Sprintf("longer than %d bytes", maxModelBytes)}
	}
	if err != nil && (!errors.Is(err, io.EOF) || text == "") {
		if errors.Is(err, io.EOF) {
			return "", io.EOF
		}
		return "", fmt.Errorf("gbdt: read model text: %w", err)
	}
	s.last = strings.TrimRight(text, "\r\n")
	return s.last, nil
}

const endOfTrees = "end of trees"

// block reads "key=value" lines up to the next tree or the end of the trees.
func (s *textScanner) block(tree int) (map[string]string, error) {
	values := map[string]string{}
	for {
		text, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil, &FormatError{Tree: tree, Reason: fmt.Sprintf("the text ends before %q: the file is truncated or no LightGBM model", endOfTrees)}
		}
		if err != nil {
			return nil, err
		}
		if text == endOfTrees || strings.HasPrefix(text, "Tree=") {
			s.unread = true
			return values, nil
		}
		key, value, _ := strings.Cut(text, "=")
		if key == "" {
			continue
		}
		if _, twice := values[key]; twice {
			return nil, &FormatError{Tree: tree, Key: key, Reason: "given twice"}
		}
		values[key] = value
	}
}

func readHeader(s *textScanner) (*Model, error) {
	first, err := s.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if first != "tree" {
		return nil, &FormatError{Tree: -1, Reason: `the first line is not "tree": this is no LightGBM model text`}
	}
	values, err := s.block(-1)
	if err != nil {
		return nil, err
	}
	h := textBlock{tree: -1, values: values}
	if v := values["version"]; v != "v2" && v != "v3" && v != "v4" {
		return nil, h.fail("version", fmt.Sprintf("%q is not v2, v3 or v4", v))
	}
	m := &Model{objective: values["objective"]}
	_, m.average = values["average_output"]
	if m.numClass, err = h.count("num_class", 1, maxClassLimit); err != nil {
		return nil, err
	}
	if m.outputs, err = h.count("num_tree_per_iteration", 1, maxClassLimit); err != nil {
		return nil, err
	}
	m.featureNames = strings.Fields(values["feature_names"])
	last, err := h.count("max_feature_idx", 0, len(values["feature_names"]))
	if err != nil {
		return nil, err
	}
	if last+1 != len(m.featureNames) {
		return nil, h.fail("feature_names", fmt.Sprintf("%d names for %d features", len(m.featureNames), last+1))
	}
	m.featureInfos = strings.Fields(values["feature_infos"])
	if _, given := values["feature_infos"]; !given {
		m.featureInfos = make([]string, len(m.featureNames))
		for i := range m.featureInfos {
			m.featureInfos[i] = "none"
		}
	}
	if len(m.featureInfos) != len(m.featureNames) {
		return nil, h.fail("feature_infos", fmt.Sprintf("%d infos for %d features", len(m.featureInfos), len(m.featureNames)))
	}
	if m.transform, err = parseTransform(m.objective, m.outputs); err != nil {
		return nil, h.fail("objective", err.Error())
	}
	return m, nil
}

func readTrees(s *textScanner, m *Model) error {
	for {
		text, err := s.next()
		if err != nil {
			return err
		}
		if text == endOfTrees {
			break
		}
		index := len(m.trees)
		if text != "Tree="+strconv.Itoa(index) {
			return &FormatError{Tree: index, Reason: fmt.Sprintf("%q stands where %q is expected", text, "Tree="+strconv.Itoa(index))}
		}
		values, err := s.block(index)
		if err != nil {
			return err
		}
		t, err := readTree(&textBlock{tree: index, values: values}, len(m.featureNames))
		if err != nil {
			return err
		}
		m.trees = append(m.trees, t)
	}
	if len(m.trees)%m.outputs != 0 {
		return &FormatError{Tree: -1, Reason: fmt.Sprintf("%d trees are no multiple of num_tree_per_iteration %d", len(m.trees), m.outputs)}
	}
	return nil
}

// readParameters keeps the lines of the parameters section.
func readParameters(s *textScanner, m *Model) error {
	inside := false
	for {
		text, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case text == "parameters:":
			inside = true
		case text == "end of parameters":
			inside = false
		case inside && text != "":
			m.parameters = append(m.parameters, text)
		}
	}
}
