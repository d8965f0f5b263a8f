// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// maxUnreadable bounds the unreadable rows of a list. With more, or with no readable row, the list is not one that this
// client knows.
const maxUnreadable = 100

// AccessTokenList is a complete list of a project's access tokens.
type AccessTokenList struct {
	// Tokens are in the order of the service. Expired ones may or may not be included.
	Tokens []AccessToken
	// Unreadable are the rows that could not be read. Nothing may be decided about a token that could be one of them; see
	// CouldBeUnreadable.
	Unreadable []UnreadableRow
	// AsOf is the service's time of the response.
	AsOf time.Time

	// index is nil in a list that is searched only once.
	index *listIndex
}

// UnreadableRow is a row of the list that could not be read.
type UnreadableRow struct {
	// ID and Name are empty if they could not be read.
	ID, Name string
	// Err is why. It contains nothing of the row but a key.
	Err error
}

// listIndex finds tokens by name and ID. A refresh looks up each of a thousand tokens among ten thousand.
type listIndex struct {
	once         sync.Once
	byName, byID map[string]int
	// composed finds names that are not in the form NFC by that form; -1 if several have it.
	composed map[string]int
}

// indexed returns the list with an index, which is built on first use.
func (l AccessTokenList) indexed() AccessTokenList {
	l.index = &listIndex{}
	return l
}

// maps returns the positions of the tokens. A list without an index builds them for each call.
func (l AccessTokenList) maps() *listIndex {
	if l.index == nil {
		l = l.indexed()
	}
	l.index.once.Do(func() {
		l.index.byName, l.index.byID = make(map[string]int, len(l.Tokens)), make(map[string]int, len(l.Tokens))
		l.index.composed = map[string]int{}
		for i, token := range l.Tokens {
			if j, found := l.index.byName[token.Name]; !found || l.Tokens[j].Expired(l.AsOf) {
				l.index.byName[token.Name] = i
			}
			if _, found := l.index.byID[token.ID]; !found {
				l.index.byID[token.ID] = i
			}
		}
		for name, i := range l.index.byName {
			if norm.NFC.IsNormalString(name) {
				continue
			}
			name = norm.NFC.String(name)
			if _, several := l.index.composed[name]; several {
				i = -1
			}
			l.index.composed[name] = i
		}
	})
	return l.index
}

// ByName returns the token with a name. If an expired row shares it with a live one, the live one is returned.
func (l AccessTokenList) ByName(name string) (AccessToken, bool) {
	if i, ok := l.maps().byName[name]; ok {
		return l.Tokens[i], true
	}
	return AccessToken{}, false
}

// ByConfiguredName is ByName for a name from a configuration. Terraform converts all text to the Unicode form NFC, so if no
// token has exactly that name, one whose name differs only in that is returned, unless several do.
func (l AccessTokenList) ByConfiguredName(name string) (AccessToken, bool) {
	composed := norm.NFC.String(name)
	for _, spelling := range []string{name, composed} {
		if token, found := l.ByName(spelling); found {
			return token, true
		}
	}
	if i, ok := l.maps().composed[composed]; ok && i >= 0 {
		return l.Tokens[i], true
	}
	return AccessToken{}, false
}

// ByID returns the token with an ID.
func (l AccessTokenList) ByID(id string) (AccessToken, bool) {
	if i, ok := l.maps().byID[id]; ok {
		return l.Tokens[i], true
	}
	return AccessToken{}, false
}

// CouldBeUnreadable reports whether the token with this ID and name could be one of the unreadable rows. An empty ID or
// name matches any.
func (l AccessTokenList) CouldBeUnreadable(id, name string) bool {
	for _, row := range l.Unreadable {
		switch {
		case id != "" && row.ID != "":
			if row.ID == id {
				return true
			}
		case name != "" && row.Name != "":
			if row.Name == name {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// decodeList reads a list row by row: decoded at once, a body of many tiny rows would take a hundred times its size.
func decodeList(body json.RawMessage, report func(spelling string)) (AccessTokenList, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return AccessTokenList{}, errors.New("the body is not a list")
	}
	list := AccessTokenList{Tokens: []AccessToken{}}
	for number := 1; decoder.More(); number++ {
		var row wire.AccessToken
		var token AccessToken
		err := decoder.Decode(&row)
		if err != nil {
			token.Name = row.Name
			token.ID, _ = readID(row.Id, func(string) {})
			err = notJSON("it", err)
		} else {
			token, err = tokenFromWire(row, report)
		}
		if err == nil {
			list.Tokens = append(list.Tokens, token)
			continue
		}
		list.Unreadable = append(list.Unreadable, UnreadableRow{
			ID: token.ID, Name: token.Name, Err: fmt.Errorf("row %d of the list: %w", number, err),
		})
		if len(list.Unreadable) > maxUnreadable {
			break
		}
	}
	if len(list.Unreadable) > maxUnreadable || len(list.Tokens) == 0 && len(list.Unreadable) > 0 {
		return AccessTokenList{}, list.Unreadable[0].Err
	}
	if len(list.Unreadable) > 0 {
		report(fmt.Sprintf("the list of access tokens has rows that cannot be read: %v", errors.Unwrap(list.Unreadable[0].Err)))
	}
	return list, nil
}
