console.log('loud');
