// Package program is what the programs of this module share: how they name their
// version and how they write their log.
package program
