import '../../src/core/rule.ts';
