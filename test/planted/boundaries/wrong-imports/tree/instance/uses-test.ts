import '../test/unit/rule.golden.test.ts';
