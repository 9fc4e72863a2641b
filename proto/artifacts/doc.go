// Package artifacts is the client's side of the ArtifactService: it moves files
// and directories between a local disk and the master's store.
//
// An artifact is known by its content. Its URL is artifact://<digest>/<name>:
// the digest is the SHA-256 of its bytes in lower-case hexadecimal, the name
// only tells its format. A directory travels as an uncompressed tar whose bytes
// depend on nothing but the files' names and contents, and its name ends in
// .tar; [Client.Fetch] unpacks it again.
//
// Transfers survive breaks. An upload goes on at the offset that the master
// kept, a download at the length of the partial file, both after a growing pause
// and without a bound on the number of breaks as long as each try moves bytes.
// What arrives is checked against its digest before it gets its final name by an
// atomic rename, so a reader never sees a part.
//
// Bytes from the network are not trusted: an archive with a path that leaves
// its directory, a link, a device, a sparse or repeated file, or more files than
// [MaxFiles] is refused as a whole.
package artifacts
