package profile

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// DefaultCategories is how many different values a profile counts.
const DefaultCategories = 1024

// Longer values are counted under their beginning and a hash.
const (
	maxValueBytes  = 128
	keptValueBytes = 96
)

// Counts counts how often each text occurs, of the frequent ones.
//
// It is the summary of Misra and Gries (1982) with the merge of Agarwal et al.
// (2012): where there are more than capacity different texts, the count of the
// next largest is taken off all counts, and those that are used up are dropped.
// So a count is never too large, and too small by at most [Counts.Lost], which is
// at most Total/(capacity+1).
//
// The zero Counts is not usable; [NewCounts] makes one.
type Counts struct {
	capacity int
	total    int64
	lost     int64
	counts   map[string]int64
}

// Category is a text with its count.
type Category struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// NewCounts makes an empty summary that keeps at most so many texts, at least 1.
func NewCounts(capacity int) *Counts {
	return &Counts{capacity: max(capacity, 1), counts: make(map[string]int64)}
}

// Total is how many texts were added, the forgotten ones included.
func (c *Counts) Total() int64 { return c.total }

// Lost bounds how much too small each count is, for certain; 0: all are exact.
func (c *Counts) Lost() int64 { return c.lost }

// Add counts n more of a text. A text of more than 128 bytes is counted under its
// beginning and a hash of the whole.
func (c *Counts) Add(value string, n int64) {
	if n <= 0 {
		return
	}
	c.total += n
	c.counts[shortValue(value)] += n
	if len(c.counts) > 4*c.capacity {
		c.trim()
	}
}

// Merge adds what another summary holds, which it leaves as it is.
func (c *Counts) Merge(other *Counts) {
	for value, n := range other.counts {
		c.counts[value] += n
	}
	c.total += other.total
	c.lost += other.lost
	c.trim()
}

// trim forgets what is beyond the capacity.
func (c *Counts) trim() {
	if len(c.counts) <= c.capacity {
		return
	}
	sizes := make([]int64, 0, len(c.counts))
	for _, n := range c.counts {
		sizes = append(sizes, n)
	}
	slices.SortFunc(sizes, func(a, b int64) int { return cmp.Compare(b, a) })
	off := sizes[c.capacity]
	for value, n := range c.counts {
		if n <= off {
			delete(c.counts, value)
		} else {
			c.counts[value] = n - off
		}
	}
	c.lost += off
}

// Count returns a text's count; it may be too small by [Counts.Lost].
func (c *Counts) Count(value string) int64 { return c.counts[shortValue(value)] }

// Top returns at most n texts, the most frequent first and equally frequent ones
// in alphabetical order.
func (c *Counts) Top(n int) []Category {
	all := make([]Category, 0, len(c.counts))
	for value, count := range c.counts {
		all = append(all, Category{value, count})
	}
	slices.SortFunc(all, func(a, b Category) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return all[:min(n, len(all))]
}

// Shrink returns a summary of the same texts that keeps at most so many.
func (c *Counts) Shrink(capacity int) *Counts {
	d := NewCounts(capacity)
	d.Merge(c)
	return d
}

// shortValue bounds a text and makes it valid.
func shortValue(value string) string {
	if len(value) <= maxValueBytes {
		return strings.ToValidUTF8(value, "�")
	}
	kept := value[:keptValueBytes]
	for len(kept) > 0 && !utf8.ValidString(kept[len(kept)-1:]) && !utf8.RuneStart(value[len(kept)]) {
		kept = kept[:len(kept)-1]
	}
	sum := sha256.Sum256([]byte(value))
	return fmt.Sprintf("%s…#%x", strings.ToValidUTF8(kept, "�"), sum[:8])
}
