// Package artifacts keeps files by their content on a local folder and serves them.
//
//	sha256/<two digits>/<digest>   complete artifacts, read-only
//	partial/<digest>-<caller>      uploads that are under way or broke off
//
// An upload grows in its partial file and is renamed only when its bytes have the
// digest that was announced, so nothing incomplete or wrong is ever seen under a
// digest. A caller's broken-off upload goes on where it ended; a newer upload of
// the same artifact by the same caller takes the older one's place.
//
// Artifacts that no link, no workflow and no waiting task names are collected when
// they have not been touched for a while (see [Collector]).
package artifacts
