// SPDX-License-Identifier: Apache-2.0

import Testing
import UnitTemplates

@testable import SystemdUnits

/// What Mustache's specification says of the part that is kept (interpolation, sections, inverted sections), and that
/// everything else is an error.
@Suite struct TemplateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let template: String
        let values: [String: Template.Value]
        let expected: String
        var testDescription: String { template.replacing("\n", with: "\\n") }

        init(_ template: String, _ values: [String: Template.Value], _ expected: String) {
            (self.template, self.values, self.expected) = (template, values, expected)
        }
    }

    @Test(arguments: [
        Case("", [:], ""),
        Case("no tags { } }} {\n", [:], "no tags { } }} {\n"),
        Case("a={{{x}}};", ["x": .text("& \"<>")], "a=& \"<>;"),
        Case("{{{x}}}{{{x}}}", ["x": .text("{{{y}}}")], "{{{y}}}{{{y}}}"),
        Case("{{#l}}[{{{.}}}]{{/l}}", ["l": .list(["1", "2"])], "[1][2]"),
        Case("{{#l}}[{{{.}}}{{{x}}}]{{/l}}", ["l": .list(["1", "2"]), "x": .text("!")], "[1!][2!]"),
        Case("a{{#l}}{{{.}}}{{/l}}b", ["l": .list([])], "ab"),
        Case("a{{^l}}none{{/l}}b", ["l": .list([])], "anoneb"),
        Case("a{{^l}}none{{/l}}b", ["l": .list(["x"])], "ab"),
        Case("{{#c}}y{{/c}}{{^c}}n{{/c}}", ["c": .condition(true)], "y"),
        Case("{{#c}}y{{/c}}{{^c}}n{{/c}}", ["c": .condition(false)], "n"),
        Case("{{#c}}{{#l}}{{{.}}}{{/l}}{{/c}}", ["c": .condition(true), "l": .list(["1"])], "1"),
        Case("{{#l}}{{#c}}{{{.}}}{{/c}}{{/l}}", ["c": .condition(true), "l": .list(["1", "2"])], "12"),
        // Lines of their own.
        Case("a\n{{#c}}\nb\n{{/c}}\nc\n", ["c": .condition(true)], "a\nb\nc\n"),
        Case("a\n{{#c}}\nb\n{{/c}}\nc\n", ["c": .condition(false)], "a\nc\n"),
        Case("a\n  {{#c}} \t\nb\n\t{{/c}}\nc", ["c": .condition(true)], "a\nb\nc"),
        Case("{{#c}}\nb\n{{/c}}", ["c": .condition(true)], "b\n"),
        Case("{{#c}}\n{{/c}}\n{{^c}}\nb\n{{/c}}\n", ["c": .condition(false)], "b\n"),
        Case("a {{#c}}\nb\n{{/c}} c\n", ["c": .condition(true)], "a \nb\n c\n"),
        Case("{{#c}} {{/c}}\n", ["c": .condition(true)], " \n"),
        Case("é{{{x}}}\r\n", ["x": .text("ü")], "éü\r\n"),
    ])
    func rendering(_ test: Case) throws {
        #expect(try Template(parsing: test.template).render(test.values) == test.expected)
    }

    @Test(arguments: [
        Case("{{{x}}}", [:], "x has no value"),
        Case("{{#c}}{{{x}}}{{/c}}", ["c": .condition(true)], "x has no value"),
        Case("{{{x}}}", ["x": .text(""), "y": .text("")], "the template has no place for y"),
        Case("{{#c}}{{/c}}", ["c": .text("")], "c is a text and no section"),
        Case("{{{c}}}", ["c": .condition(true)], "c is no text"),
        Case("{{{.}}}", [:], "{{{.}}} stands outside of a list"),
        Case("{{#c}}{{{.}}}{{/c}}", ["c": .condition(true)], "{{{.}}} stands outside of a list"),
    ])
    func valuesThatDoNotFit(_ test: Case) throws {
        let template = try Template(parsing: test.template)
        #expect(throws: Template.Fault(test.expected)) { try template.render(test.values) }
    }

    @Test(arguments: [
        Case("{{#c}}", [:], "the section c is not closed"),
        Case("{{/c}}", [:], "{{/c}} closes no section that is open"),
        Case("{{#a}}{{#b}}{{/a}}{{/b}}", [:], "{{/a}} closes no section that is open"),
        Case("{{{x}}", [:], "a tag is not closed: {{{x}}"),
        Case("a {{x", [:], "a tag is not closed: {{x"),
        Case("{{x}}", [:], "{{x}} is no tag that is known here"),
        Case("{{>partial}}", [:], "{{>partial}} is no tag that is known here"),
        Case("{{! comment }}", [:], "{{! comment }} is no tag that is known here"),
        Case("{{{}}}", [:], " is no name: a name is letters"),
        Case("{{# c}}{{/ c}}", [:], " c is no name: a name is letters"),
    ])
    func templatesThatAreRefused(_ test: Case) {
        #expect(throws: Template.Fault(test.expected)) { try Template(parsing: test.template) }
    }

    @Test(arguments: [
        UnitTemplates.dropIn, UnitTemplates.environment, UnitTemplates.service, UnitTemplates.scheduleService,
        UnitTemplates.scheduleTimer,
    ])
    func ownTemplates(_ text: String) throws {
        #expect(try Template(parsing: text).parts.count > 1)
    }
}
