import { declare } from './src/config/index.ts';

export default declare({ actor: 'writer' });
