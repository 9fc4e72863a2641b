package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// minToken is how many characters a token must have at least.
const minToken = 16

// maxTokens bounds a file of tokens, each of which is compared on every call.
const maxTokens = 1000

// Tokens are the bearer tokens that are accepted. Only their hashes are kept.
type Tokens struct {
	entries []tokenEntry
}

type tokenEntry struct {
	digest [sha256.Size]byte
	who    Identity
}

// LoadTokens reads a file of tokens. Each line is
//
//	NAME ROLE TOKEN
//
// where ROLE is client, worker, viewer or admin and TOKEN is the token itself (at
// least 16 characters) or sha256:<the token's SHA-256 in hexadecimal>. Empty lines
// and lines that begin with # are skipped. A file that others than its owner and
// group can read, or that others than its owner can write, is refused.
func LoadTokens(path string) (*Tokens, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open token file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("examine token file: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("token file %s is a directory", path)
	}
	if mode := info.Mode().Perm(); mode&0o026 != 0 {
		return nil, fmt.Errorf("token file %s has mode %#o: others could read or change it; run chmod 600 %s", path, mode, path)
	}
	if info.Size() > 1<<20 {
		return nil, fmt.Errorf("token file %s is larger than 1 MiB", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read token file: %w", err)
	}
	tokens, err := ParseTokens(string(text))
	if err != nil {
		return nil, fmt.Errorf("token file %s: %w", path, err)
	}
	return tokens, nil
}

// ParseTokens reads the lines of a token file. Its errors name the line and never
// hold a token.
func ParseTokens(text string) (*Tokens, error) {
	var tokens Tokens
	seen := map[[sha256.Size]byte]int{}
	line := 0
	for raw := range strings.Lines(text) {
		line++
		content := strings.TrimSpace(raw)
		if content == "" || strings.HasPrefix(content, "#") {
			continue
		}
		fields := strings.Fields(content)
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d: want NAME ROLE TOKEN, got %d fields", line, len(fields))
		}
		role, err := ParseRole(fields[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		digest, err := tokenDigest(fields[2])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if first, ok := seen[digest]; ok {
			return nil, fmt.Errorf("line %d: the token of line %d again", line, first)
		}
		seen[digest] = line
		if len(tokens.entries) == maxTokens {
			return nil, fmt.Errorf("line %d: more than %d tokens", line, maxTokens)
		}
		tokens.entries = append(tokens.entries, tokenEntry{digest, Identity{Name: fields[0], Role: role}})
	}
	if len(tokens.entries) == 0 {
		return nil, fmt.Errorf("holds no tokens")
	}
	return &tokens, nil
}

func tokenDigest(field string) (digest [sha256.Size]byte, err error) {
	hashed, isHash := strings.CutPrefix(field, "sha256:")
	if !isHash {
		if len(field) < minToken {
			return digest, fmt.Errorf("the token has %d characters: at least %d are needed", len(field), minToken)
		}
		return sha256.Sum256([]byte(field)), nil
	}
	decoded, err := hex.DecodeString(hashed)
	if err != nil || len(decoded) != sha256.Size {
		return digest, fmt.Errorf("sha256: must be followed by 64 hexadecimal digits")
	}
	return [sha256.Size]byte(decoded), nil
}

// find returns whose token it is. It compares with all of them in constant time,
// so that the time taken tells nothing about them.
func (t *Tokens) find(token string) (Identity, bool) {
	digest := sha256.Sum256([]byte(token))
	var who Identity
	found := false
	for _, e := range t.entries {
		if subtle.ConstantTimeCompare(digest[:], e.digest[:]) == 1 {
			who, found = e.who, true
		}
	}
	return who, found
}
