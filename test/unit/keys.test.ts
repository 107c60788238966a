import { expect, test } from 'vitest';
import { uuidsIn } from '../../src/adapters/directus/keys.ts';

const ID = '00000000-0000-4000-8000-0000000000f1';

test('an id is known in every notation PostgreSQL takes, and nothing else is one', () => {
	const notations = [ID.toUpperCase(), ID.replaceAll('-', ''), `{${ID}}`, '0000-0000-0000-4000-8000-0000-0000-00f1'];
	expect(uuidsIn([ID])).toHaveLength(1);
	expect(new Set(uuidsIn([ID, ...notations]))).toEqual(new Set(uuidsIn([ID])));
	expect(uuidsIn(['x', '', null, undefined, 7, {}, `${ID}0`, `${ID} or true`])).toEqual([]);
});
