package etl

import (
	"net/url"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/pipeline"
)

// bucketScheme is the scheme of what a storage section of type s3 names.
const bucketScheme = "s3"

// ResolvePath returns the absolute location of a path that a pipelines file has. A URL
// or an absolute path stays as it is; a relative one starts at the prefix of the
// bucket, where the storage section is of type s3, and else at root, the directory of
// the project. A file:// URL gives the path that it names, an empty path stays empty.
func ResolvePath(s config.PipelineStorage, root, location string) string {
	if location != "" && s.Type == "s3" && pipeline.IsRelative(location) {
		key := path.Join(strings.Trim(s.Prefix, "/"), filepath.ToSlash(location))
		if key == "." {
			key = ""
		}
		return bucketScheme + "://" + s.Bucket + "/" + key
	}
	if u, err := url.Parse(location); err == nil && strings.EqualFold(u.Scheme, "file") && u.Host == "" {
		return filepath.FromSlash(u.Path)
	}
	return pipeline.Locate(root, location)
}

// ResolvePaths resolves every field of a struct of settings that [NewType] calls a
// location, in place, and returns them: what is read, and what is written. settings
// points to the struct; the fields are texts or lists of texts.
func ResolvePaths(s config.PipelineStorage, root string, settings any) (sources, outputs []string) {
	v := reflect.ValueOf(settings).Elem()
	for i := range v.NumField() {
		role := v.Type().Field(i).Tag.Get("location")
		if role == "" {
			continue
		}
		var found []string
		switch field := v.Field(i); field.Kind() {
		case reflect.String:
			field.SetString(ResolvePath(s, root, field.String()))
			found = []string{field.String()}
		case reflect.Slice:
			all := reflect.MakeSlice(field.Type(), field.Len(), field.Len())
			for k := range field.Len() {
				all.Index(k).SetString(ResolvePath(s, root, field.Index(k).String()))
				found = append(found, all.Index(k).String())
			}
			field.Set(all)
		}
		if role == "output" {
			outputs = append(outputs, found...)
		} else {
			sources = append(sources, slices.DeleteFunc(found, func(s string) bool { return s == "" })...)
		}
	}
	return sources, outputs
}
