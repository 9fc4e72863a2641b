package preprocess

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// defaultTokenPattern is scikit-learn's: runs of at least two word characters.
const defaultTokenPattern = `(?u)\b\w\w+\b`

// tokenOptions say what the terms of a text are.
type tokenOptions struct {
	Lowercase    bool     `json:"lowercase"`
	TokenPattern string   `json:"token_pattern"`
	Ngrams       [2]int   `json:"ngram_range"`
	StopWords    []string `json:"stop_words,omitempty"` // sorted
}

// tokenizer finds the terms of a text. It is safe for concurrent use.
type tokenizer struct {
	options tokenOptions
	runs    int            // shortest run of word characters; 0: by pattern
	pattern *regexp.Regexp // nil: by runs
	stop    map[string]bool
}

const maxPatternBytes = 1000

// newTokenizer compiles the pattern. Word boundaries around word characters are
// what longest matches have anyway; others RE2 knows for ASCII only, and they are
// refused.
func newTokenizer(options tokenOptions) (*tokenizer, error) {
	t := &tokenizer{options: options, stop: make(map[string]bool, len(options.StopWords))}
	for _, word := range options.StopWords {
		t.stop[word] = true
	}
	pattern := strings.TrimPrefix(options.TokenPattern, "(?u)")
	switch pattern {
	case `\b\w\w+\b`:
		t.runs = 2
		return t, nil
	case `\b\w+\b`, `\w+`:
		t.runs = 1
		return t, nil
	case "":
		return nil, errors.New("must not be empty")
	}
	if len(pattern) > maxPatternBytes {
		return nil, fmt.Errorf("has %d bytes; the limit is %d", len(pattern), maxPatternBytes)
	}
	translated, err := unicodeClasses(pattern)
	if err != nil {
		return nil, err
	}
	if t.pattern, err = regexp.Compile(translated); err != nil {
		return nil, fmt.Errorf("is no regular expression: %w", err)
	}
	if t.pattern.NumSubexp() > 1 {
		return nil, errors.New("has more than one group; use (?:…) for those that are not the token")
	}
	return t, nil
}

// unicodeClasses makes \w and \d what they are in Python: letters and digits of
// every script.
func unicodeClasses(pattern string) (string, error) {
	var out strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if c == '[' && !inClass {
			inClass = true
		} else if c == ']' {
			inClass = false
		}
		if c != '\\' || i+1 == len(pattern) {
			out.WriteByte(c)
			continue
		}
		i++
		class := map[byte]string{'w': `\p{L}\p{N}_`, 'd': `\p{Nd}`}[pattern[i]]
		switch {
		case class != "" && inClass:
			out.WriteString(class)
		case class != "":
			out.WriteString("[" + class + "]")
		case pattern[i] == 'W' && !inClass:
			out.WriteString(`[^\p{L}\p{N}_]`)
		case pattern[i] == 'b' || pattern[i] == 'B' || pattern[i] == 'W':
			return "", fmt.Errorf(`has \%c, which is not accepted there; leave it out: a match is as long as it can be`, pattern[i])
		default:
			out.WriteByte('\\')
			out.WriteByte(pattern[i])
		}
	}
	return out.String(), nil
}

// isWord reports whether Python's \w takes a character.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

// tokens of a text, without stop words.
func (t *tokenizer) tokens(text string) []string {
	if t.options.Lowercase {
		text = strings.ToLower(text)
	}
	var tokens []string
	keep := func(token string) {
		if !t.stop[token] {
			tokens = append(tokens, token)
		}
	}
	if t.pattern == nil {
		for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return !isWord(r) }) {
			if t.runs == 1 || utf8.RuneCountInString(run) >= t.runs {
				keep(run)
			}
		}
		return tokens
	}
	group := 2 * t.pattern.NumSubexp() // the token is the group, where there is one
	for _, at := range t.pattern.FindAllStringSubmatchIndex(text, -1) {
		if at[group] >= 0 && at[group] < at[group+1] {
			keep(text[at[group]:at[group+1]])
		}
	}
	return tokens
}

// terms calls visit for each n-gram of a text, as often as it is there.
func (t *tokenizer) terms(text string, visit func(term string)) {
	tokens := t.tokens(text)
	for n := t.options.Ngrams[0]; n <= t.options.Ngrams[1]; n++ {
		for i := 0; i+n <= len(tokens); i++ {
			if n == 1 {
				visit(tokens[i])
			} else {
				visit(strings.Join(tokens[i:i+n], " "))
			}
		}
	}
}

// clone keeps a token from holding the text that it is a part of.
func clone(terms []string) []string {
	out := slices.Clone(terms)
	for i := range out {
		out[i] = strings.Clone(out[i])
	}
	return out
}
