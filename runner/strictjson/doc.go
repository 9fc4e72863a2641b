// Package strictjson reads the JSON documents that the program keeps in files:
// strictly, and only in the version that it knows.
//
// Errors are written to follow the document's name: "profile.json has format …".
package strictjson
